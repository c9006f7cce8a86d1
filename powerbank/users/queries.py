"""The profile as its owner reads it, each time the app comes to the front: one bare read, and no rows to follow."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import read_alone
from powerbank.base.errors import NotFoundError
from powerbank.users.models import is_complete

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
        return is_complete(self)


def profile(user_id: UUID) -> Profile:
    found = read_alone(_PROFILE, {"user_id": str(user_id)})
    if not found:
        raise NotFoundError("account")
    return Profile(*found[0])
