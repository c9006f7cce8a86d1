"""Read the profile of a person, and what the person has used so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, text

from powerbank.base.db import db, read_alone
from powerbank.base.errors import NotFoundError
from powerbank.users.models import AccountStatus, User, is_profile_complete

USAGE_CURRENCY = "NPR"

_PROFILE = text("""
    SELECT u.id, u.username, u.first_name, u.last_name, u.date_of_birth, u.address, u.city, u.language,
           u.auto_collect_dues, u.kyc_status, u.avatar_key, u.referral_code, u.status,
           (SELECT value FROM user_identifiers WHERE user_id = u.id AND kind = 'email') AS email,
           (SELECT value FROM user_identifiers WHERE user_id = u.id AND kind = 'phone') AS phone
      FROM users u WHERE u.id = CAST(:user_id AS uuid)
""")


@dataclass(frozen=True, slots=True)
class Profile:
    """The columns of the statement, in their order."""

    id: str
    username: str
    first_name: str | None
    last_name: str | None
    date_of_birth: date | None
    address: str | None
    city: str | None
    language: str
    auto_collect_dues: bool
    kyc_status: str
    avatar_key: str | None
    referral_code: str
    status: str
    email: str | None
    phone: str | None

    @property
    def profile_complete(self) -> bool:
        return is_profile_complete(self)


def read_profile(user_id: UUID) -> Profile:
    """Read the profile in one bare statement, because the app asks for it each time it comes to the front."""
    found = read_alone(_PROFILE, {"user_id": str(user_id)})
    if not found:
        raise NotFoundError("account")
    return Profile(*found[0])


def is_blocked(user_id: UUID) -> bool:
    """Tell whether staff have blocked an account, so that its person may do nothing but write about their money."""
    return bool(db.session.scalar(select(User.status).where(User.id == user_id)) == AccountStatus.BANNED)


class UsageTotal(StrEnum):
    RENTALS = "rentals"
    MINUTES = "minutes"
    SPEND = "spend"  # paisa
    POINTS = "points"


CountUsage = Callable[[UUID], int]

_usage_totals: dict[UsageTotal, CountUsage] = {}


def register_usage_totals(totals: Mapping[UsageTotal, CountUsage]) -> None:
    """Say who counts each total. `powerbank.wiring` does, because later domains hold the rows."""
    _usage_totals.clear()
    _usage_totals.update(totals)


def read_usage(user_id: UUID) -> dict[str, int | str]:
    """Read what a person has used so far; a total that nobody counts is 0."""
    totals: dict[str, int | str] = {
        total.value: _usage_totals[total](user_id) if total in _usage_totals else 0 for total in UsageTotal
    }
    return totals | {"currency": USAGE_CURRENCY}
