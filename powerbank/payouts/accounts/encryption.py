"""How the numbers of payout accounts are kept: encrypted, with a digest that tells equal ones."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


def encrypt_number(number: str) -> bytes:
    return _fernet().encrypt(number.encode())


def decrypt_number(token: bytes) -> str:
    """Decrypt a number, or raise `InvalidToken` where none of the keys opens it."""
    return _fernet().decrypt(token).decode()


def digest_number(number: str) -> bytes:
    return hmac.digest(_key(_secrets()[0]), number.encode(), hashlib.sha256)


def is_under_first_key(token: bytes) -> bool:
    try:
        Fernet(base64.urlsafe_b64encode(_key(_secrets()[0]))).decrypt(token)
    except InvalidToken:
        return False
    return True


def _secrets() -> list[str]:
    secrets: list[str] = current_app.config["SETTINGS"].payout_secrets
    return secrets


def _fernet() -> MultiFernet:
    """Make the cipher whose first key encrypts, and of which each key may decrypt."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_key(secret))) for secret in _secrets()])


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"powerbank payouts: " + secret.encode()).digest()
