"""The second factor: time-based codes (RFC 6238), and recovery codes for a lost authenticator.

Two keys are derived from STAFF_KEY: one encrypts the secrets, the other makes the digests of recovery codes. Of several
STAFF_KEYs the first is in use; the others still open what was made with them.
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


def make_secret() -> str:
    return pyotp.random_base32()


def make_provisioning_uri(secret: str, email: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def draw_qr_code(address: str) -> str:
    """Draw it dark on light whatever the page's colours are, with the quiet zone that cameras need."""
    return segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")


def encrypt_secret(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


def decrypt_secret(encrypted: str) -> str | None:
    """Decrypt a secret; None if it was made under a STAFF_KEY that is gone.

    Then no code is right, and an administrator resets the member.
    """
    try:
        return _fernet().decrypt(encrypted).decode()
    except InvalidToken:
        log.error("a staff TOTP secret cannot be decrypted; was STAFF_KEY changed?")
        return None


def reencrypt_secret(encrypted: str) -> str | None:
    """Put the secret under the first STAFF_KEY; None if it is under that key already, or under none of ours."""
    try:
        Fernet(_fernet_keys()[0]).decrypt(encrypted)
    except InvalidToken:
        secret = decrypt_secret(encrypted)
        return encrypt_secret(secret) if secret is not None else None
    return None


def is_timed_code(code: str) -> bool:
    return _TIMED.fullmatch(normalise_code(code)) is not None


def normalise_code(code: str) -> str:
    """Take away what people type between the digits when they read a code off a screen or off paper."""
    return code.replace(" ", "").replace("-", "").lower()


def find_time_step(secret: str, code: str, *, now: datetime, after: int | None) -> int | None:
    """Find the time step whose code this is; only one later than `after`, so that a code is taken once."""
    timed = pyotp.TOTP(secret)
    current = timed.timecode(now)
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(timed.generate_otp(step).encode(), normalise_code(code).encode()):
            found = step
    return found if found is not None and (after is None or found > after) else None


def make_recovery_codes() -> list[str]:
    halves = ["".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2 * RECOVERY_CODES)]
    return [f"{first}-{second}" for first, second in zip(halves[::2], halves[1::2], strict=True)]


def digest_recovery_code(code: str) -> list[str]:
    """Digest a code under each of our keys, the one in use first.

    Nobody can make a new digest from an old one. So a code of the time before a change of keys is known by its old key,
    as long as that is among ours.
    """
    return [
        hmac.new(key, normalise_code(code).encode(), hashlib.sha256).hexdigest()
        for key in _keys(b"staff recovery codes")
    ]


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _fernet_keys()])


def _fernet_keys() -> list[bytes]:
    return [base64.urlsafe_b64encode(key) for key in _keys(b"staff totp secrets")]


def _keys(purpose: bytes) -> list[bytes]:
    return [
        HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
        for secret in current_app.config["SETTINGS"].staff_secrets
    ]
