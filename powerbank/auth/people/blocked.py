"""What is left to a person whose account is blocked: to write to support about money that is theirs.

Whoever proves the phone number or e-mail address of a blocked account is refused as before, and is given a token with
the refusal. It opens the routes of support and no others, for an hour, and cannot be renewed. There is no sign-in
behind it: it is void once the account is blocked no more.
"""

from datetime import timedelta
from uuid import UUID

from flask_jwt_extended import create_access_token
from sqlalchemy import text

from powerbank.api.auth import BLOCKED_AUDIENCE, validity_claims
from powerbank.base.db import read_alone
from powerbank.users.models import AccountStatus, User

LIFETIME = timedelta(hours=1)

_STATUS = text("SELECT status FROM users WHERE id = CAST(:user_id AS uuid)")


def issue_support_token(user: User) -> str:
    claims = {"aud": BLOCKED_AUDIENCE, **validity_claims(LIFETIME)}
    token: str = create_access_token(str(user.id), expires_delta=LIFETIME, additional_claims=claims)
    return token


def find_blocked_user(user_id: str) -> UUID | None:
    """Find whose token this is, while the account is blocked."""
    try:
        claimed = UUID(user_id)
    except ValueError:
        return None
    found = read_alone(_STATUS, {"user_id": str(claimed)})
    return claimed if found and found[0][0] == AccountStatus.BANNED else None
