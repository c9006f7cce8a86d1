"""How documents and numbers are kept: encrypted, and a number also as a digest that tells only whether it is
the same one again."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class UnreadableError(Exception):
    """Encrypted with a key that is no longer among ours, or changed since."""


def encrypt(plain: bytes) -> bytes:
    return _keys().encrypt(plain)


def decrypt(token: bytes) -> bytes:
    try:
        return _keys().decrypt(token)
    except InvalidToken:
        raise UnreadableError("none of DOCUMENT_KEYS opens it") from None


def renewed(token: bytes) -> bytes | None:
    """The same under the first of DOCUMENT_KEYS; None if it is under that one."""
    newest = Fernet(_fernet_key(current_app.config["SETTINGS"].document_secrets[0]))
    try:
        newest.decrypt(token)
    except InvalidToken:
        return encrypt(decrypt(token))
    return None


def digest(bare_number: str) -> bytes:
    """Keyed: there are few enough numbers to try them all."""
    key = current_app.config["SETTINGS"].document_digest_key.get_secret_value().encode()
    return hmac.digest(key, bare_number.encode(), hashlib.sha256)


def _keys() -> MultiFernet:
    """The first one encrypts, each may decrypt."""
    return MultiFernet([Fernet(_fernet_key(secret)) for secret in current_app.config["SETTINGS"].document_secrets])


def _fernet_key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"powerbank documents: " + secret.encode()).digest())
