"""Passwords of staff: hashed with argon2, and verified in the same time whether or not there is an account."""

import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from powerbank.base.errors import AppError

MINIMUM_LENGTH = 12

_hasher = PasswordHasher()


def _make_decoy_hash() -> str:
    """Make up a hash of no password. To hash one would be a tenth of the time that each program takes to start."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


# Verified when there is no such account, so that the answer takes as long as for a wrong password.
_DECOY_HASH = _make_decoy_hash()


def hash_password(password: str, *, field: str = "password") -> str:
    """Hash a password that is long enough; a refusal names the field of the form."""
    if len(password) < MINIMUM_LENGTH:
        detail = f"A staff password has at least {MINIMUM_LENGTH} characters."
        raise AppError("password_too_short", 422, detail, errors={field: [detail]})
    return _hasher.hash(password)


def matches_hash(password_hash: str | None, password: str) -> bool:
    """Say whether this is the password. Argon2 is slow on purpose, so it is asked outside a transaction."""
    try:
        _hasher.verify(password_hash or _DECOY_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def refuse_unchanged(*, current: str, new: str) -> None:
    if current == new:
        detail = "Choose another password than before."
        raise AppError("password_unchanged", 422, detail, errors={"new": [detail]})


def make_temporary_password() -> str:
    return secrets.token_urlsafe(15)
