"""The second factor: time-based codes (RFC 6238), and recovery codes for a lost authenticator.

Both keys follow from STAFF_KEY. Secrets are encrypted with one, recovery codes kept as digests under the other.
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime

import pyotp
import segno
import structlog
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

log = structlog.get_logger(__name__)

ISSUER = "Powerbank"
WINDOW = 1  # steps of 30 s that a clock may be off, either way
RECOVERY_CODES = 10

_TIMED = re.compile(r"[0-9]{6}", re.ASCII)
# No letters and digits that look alike on paper. Ten of them are 49 bits, guessed at ten a quarter of an hour.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    return pyotp.random_base32()


def uri(secret: str, email: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_svg(address: str) -> str:
    """Dark on light whatever the page's colours, with the quiet zone that cameras need."""
    return segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")


def encrypt(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


def decrypt(encrypted: str) -> str | None:
    """None if it was made under another STAFF_KEY: then no code is right, and an administrator resets the member."""
    try:
        return _fernet().decrypt(encrypted).decode()
    except InvalidToken:
        log.error("a staff TOTP secret cannot be read; was STAFF_KEY changed?")
        return None


def is_timed(code: str) -> bool:
    return _TIMED.fullmatch(plain(code)) is not None


def plain(code: str) -> str:
    """As typed off a screen or off paper."""
    return code.replace(" ", "").replace("-", "").lower()


def step_of(secret: str, code: str, *, now: datetime, after: int | None) -> int | None:
    """The time step whose code this is; only one later than `after`, so that a code is taken once."""
    timed = pyotp.TOTP(secret)
    current = timed.timecode(now)
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(timed.generate_otp(step).encode(), plain(code).encode()):
            found = step
    return found if found is not None and (after is None or found > after) else None


def new_recovery_codes() -> list[str]:
    halves = ["".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2 * RECOVERY_CODES)]
    return [f"{first}-{second}" for first, second in zip(halves[::2], halves[1::2], strict=True)]


def recovery_digest(code: str) -> str:
    return hmac.new(_key(b"staff recovery codes"), plain(code).encode(), hashlib.sha256).hexdigest()


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(b"staff totp secrets")))


def _key(purpose: bytes) -> bytes:
    material = current_app.config["SETTINGS"].staff_key.get_secret_value().encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(material)
