"""The second factor: time-based codes (RFC 6238), and recovery codes for a lost authenticator.

Both keys follow from STAFF_KEY. Secrets are encrypted with one, recovery codes kept as digests under the other. Of
several STAFF_KEYs the first is in use; the others still open what was made with them.
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
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
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
    """None if it was made under a STAFF_KEY that is gone: then no code is right, and an administrator resets the
    member."""
    try:
        return _fernet().decrypt(encrypted).decode()
    except InvalidToken:
        log.error("a staff TOTP secret cannot be read; was STAFF_KEY changed?")
        return None


def renewed(encrypted: str) -> str | None:
    """The same secret under the first STAFF_KEY, or None if it is under that one, or under none of ours."""
    try:
        Fernet(_fernet_keys()[0]).decrypt(encrypted)
    except InvalidToken:
        secret = decrypt(encrypted)
        return encrypt(secret) if secret is not None else None
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


def recovery_digests(code: str) -> list[str]:
    """Under each of our keys, the one in use first. A code cannot be found out from its digest, so one of before a
    change of keys is known by the old key as long as that is among ours."""
    return [hmac.new(key, plain(code).encode(), hashlib.sha256).hexdigest() for key in _keys(b"staff recovery codes")]


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _fernet_keys()])


def _fernet_keys() -> list[bytes]:
    return [base64.urlsafe_b64encode(key) for key in _keys(b"staff totp secrets")]


def _keys(purpose: bytes) -> list[bytes]:
    return [
        HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
        for secret in current_app.config["SETTINGS"].staff_secrets
    ]
