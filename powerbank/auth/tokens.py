"""Refresh tokens of people and of staff. Each is used once, and nothing but its digest is kept.

An answer may be lost on its way to a phone. The phone then asks again with the token that it has, and gets the same
successor, once and soon. A spent token that comes in any other way was stolen, or its thief was faster: then the whole
sign-in ends.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from powerbank.auth.people.models import RefreshToken
from powerbank.auth.staff.models import StaffRefreshToken

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=30)
REPEAT_WINDOW = timedelta(seconds=30)

AnyRefreshToken = RefreshToken | StaffRefreshToken


@dataclass(frozen=True)
class Tokens:
    access_token: str
    refresh_token: str


def derive_successor(token: str) -> str:
    """Derive the refresh token that comes after this one.

    It follows from the token under our key, so it can be sent once more although only its digest is kept.
    """
    key = current_app.config["JWT_SECRET_KEY"].encode()
    derived = hmac.digest(key, b"the refresh token after " + token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(derived).decode().rstrip("=")


def may_repeat(spent: AnyRefreshToken, successor: AnyRefreshToken | None, now: datetime) -> bool:
    """Say whether a spent token may come once more: soon, and while nobody has used its successor."""
    if spent.spent_at is None or spent.repeated_at is not None or successor is None:
        return False
    return successor.spent_at is None and now - spent.spent_at <= REPEAT_WINDOW


def digest_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
