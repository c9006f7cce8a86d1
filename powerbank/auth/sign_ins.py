"""Which sign-ins have ended, of people and of staff, looked up for many at once."""

from collections.abc import Collection, Iterable

from sqlalchemy import TextClause, text

from powerbank.base.clock import utcnow
from powerbank.base.db import read_alone
from powerbank.live.streams.events import Reason
from powerbank.users.models import AccountStatus
from powerbank.users.services import status_allows_sign_in

# One look into the indexes for each sign-in: joined by hashing, all sign-ins there are would be read.
_OF_PEOPLE = text("""
    SELECT held.id, found.status = ANY(CAST(:allowed AS text[])) IS NOT FALSE AS allowed
      FROM unnest(CAST(:ids AS uuid[])) AS held(id)
      LEFT JOIN LATERAL (
        SELECT s.ended_at, u.status FROM sessions AS s JOIN users AS u ON u.id = s.user_id
         WHERE s.id = held.id LIMIT 1) AS found ON true
     WHERE found.ended_at IS NOT NULL OR found.status = ANY(CAST(:allowed AS text[])) IS NOT TRUE
""")
_OF_STAFF = text("""
    SELECT held.id, found.active IS NOT FALSE AS allowed
      FROM unnest(CAST(:ids AS uuid[])) AS held(id)
      LEFT JOIN LATERAL (
        SELECT m.active,
               m.active AND s.ended_at IS NULL AND s.generation = m.generation
               AND s.expires_at > CAST(:now AS timestamptz) AS lasts
          FROM staff_sessions AS s JOIN staff AS m ON m.id = s.staff_id
         WHERE s.id = held.id LIMIT 1) AS found ON true
     WHERE found.lasts IS NOT TRUE
""")
_ALLOWED = "{" + ",".join(status for status in AccountStatus if status_allows_sign_in(status)) + "}"


def find_ended_sign_ins(held: Collection[tuple[str, str]]) -> dict[str, Reason]:
    """Return which of these sessions of principals have ended, and why."""
    staff = [session_id for principal, session_id in held if principal.startswith("staff:")]
    people = [session_id for principal, session_id in held if principal.startswith("user:")]
    return _ended(_OF_PEOPLE, people, allowed=_ALLOWED) | _ended(_OF_STAFF, staff, now=utcnow())


def _ended(statement: TextClause, session_ids: Iterable[str], **values: object) -> dict[str, Reason]:
    ids = ",".join(session_ids)
    if not ids:
        return {}
    rows = read_alone(statement, {"ids": "{" + ids + "}", **values})
    return {str(id_): Reason.SIGNED_OUT if allowed else Reason.BLOCKED for id_, allowed in rows}
