"""Staff passwords: argon2, and one verification whoever asks."""

import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from powerbank.base.errors import AppError

SHORTEST = 12

_hasher = PasswordHasher()


def _nobodys_hash() -> str:
    """As costly to verify as anybody's, of no password: made up, as hashing one would be a tenth of each start."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


# Verified when there is no such account, so that the answer takes as long as for a wrong password.
_NOBODY = _nobodys_hash()


def hashed(password: str, *, field: str = "password") -> str:
    if len(password) < SHORTEST:
        told = f"A staff password has at least {SHORTEST} characters."
        raise AppError("password_too_short", 422, told, errors={field: [told]})
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Slow on purpose, so it is asked outside a transaction."""
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def temporary() -> str:
    return secrets.token_urlsafe(15)
