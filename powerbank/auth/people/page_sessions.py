"""Sign-ins of people at pages that the server renders: those of crew and partners.

Such a page has no script that could renew tokens, so its cookie holds a refresh token that is never spent. The row of
the token says until when the sign-in lasts, and each day of use prolongs it. The same token ends the sign-in, and
everything that ends sign-ins of people ends this one too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text, update

from powerbank.auth.people.models import RefreshToken
from powerbank.auth.tokens import REFRESH_LIFETIME, digest_token
from powerbank.base.db import open_session, read_alone, utcnow
from powerbank.users.services import status_allows_sign_in

PROLONGED_AFTER = timedelta(days=1)

_OWNER = text("""
    SELECT u.id, u.status, u.language, coalesce(u.first_name, u.username), s.id, t.expires_at
      FROM refresh_tokens AS t JOIN sessions AS s ON s.id = t.session_id JOIN users AS u ON u.id = s.user_id
     WHERE t.digest = :digest AND t.expires_at > CAST(:now AS timestamptz)
       AND t.spent_at IS NULL AND s.ended_at IS NULL
""")


@dataclass(frozen=True)
class SignedInPerson:
    """A person in a sign-in of a browser."""

    id: UUID
    session_id: UUID
    name: str
    language: str
    expires_at: datetime

    def is_due_to_prolong(self, now: datetime) -> bool:
        return self.expires_at - now < REFRESH_LIFETIME - PROLONGED_AFTER


def find_signed_in_person(token: str) -> SignedInPerson | None:
    """Find whose cookie this is, while the sign-in lasts and the account may be used."""
    found = read_alone(_OWNER, {"digest": digest_token(token), "now": utcnow()})
    if not found or not status_allows_sign_in(found[0][1]):
        return None
    user_id, _, language, name, session_id, expires_at = found[0]
    return SignedInPerson(user_id, session_id, name, language, expires_at)


def prolong(token: str, *, now: datetime) -> None:
    """Let a sign-in that is in use last its full time again."""
    open_session().execute(
        update(RefreshToken)
        .where(RefreshToken.digest == digest_token(token), RefreshToken.spent_at.is_(None))
        .values(expires_at=now + REFRESH_LIFETIME)
    )
