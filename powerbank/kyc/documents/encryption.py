"""How documents and citizenship numbers are kept: encrypted.

Of a number there is also a digest, which tells only whether the same number comes again.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class UnreadableError(Exception):
    """The bytes were encrypted with a key that is no longer among ours, or were changed since."""


def encrypt(plain: bytes) -> bytes:
    return _fernet().encrypt(plain)


def decrypt(token: bytes) -> bytes:
    try:
        return _fernet().decrypt(token)
    except InvalidToken:
        raise UnreadableError("none of DOCUMENT_KEYS opens it") from None


def reencrypt(token: bytes) -> bytes | None:
    """Encrypt the same anew under the first of DOCUMENT_KEYS; None if it is under that key already."""
    newest = Fernet(_fernet_key(current_app.config["SETTINGS"].document_secrets[0]))
    try:
        newest.decrypt(token)
    except InvalidToken:
        return encrypt(decrypt(token))
    return None


def digest_number(bare_number: str) -> bytes:
    """Digest a number under a key, because there are few enough numbers to try them all."""
    key = current_app.config["SETTINGS"].document_digest_key.get_secret_value().encode()
    return hmac.digest(key, bare_number.encode(), hashlib.sha256)


def _fernet() -> MultiFernet:
    """Make the cipher whose first key encrypts, and of which each key may decrypt."""
    return MultiFernet([Fernet(_fernet_key(secret)) for secret in current_app.config["SETTINGS"].document_secrets])


def _fernet_key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"powerbank documents: " + secret.encode()).digest())
