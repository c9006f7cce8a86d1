"""The sign-ins of a person as that person sees them: on which devices, since when, and the end of any one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.auth.people import sessions
from powerbank.auth.people.models import RefreshToken, Session
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError


@dataclass(frozen=True)
class SignIn:
    session: Session
    seen_at: datetime  # when it last asked for new tokens
    is_this: bool  # whether it is the one that asks


def sign_in_page(user_id: UUID, *, asked_by: UUID, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of the sign-ins of a person, newest first. Those that ended long ago are forgotten."""
    found = page(
        select(Session).where(Session.user_id == user_id), Session.id, limit=limit, cursor=cursor, descending=True
    )
    seen = _last_seen(each.id for each in found["items"])
    return found | {
        "items": [SignIn(each, seen.get(each.id, each.created_at), each.id == asked_by) for each in found["items"]]
    }


def end_sign_in(user_id: UUID, session_id: UUID) -> None:
    """End a sign-in of this person, with its pushes and streams. One that has ended stays as it is."""
    session = open_session().get(Session, session_id, with_for_update=True)
    if session is None or session.user_id != user_id:
        raise NotFoundError("session")
    sessions.end_one(session, "ended elsewhere")


def _last_seen(session_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    newest = (
        select(RefreshToken.session_id, func.max(RefreshToken.created_at).label("seen_at"))
        .where(RefreshToken.session_id.in_([*session_ids]))
        .group_by(RefreshToken.session_id)
    )
    return {row.session_id: row.seen_at for row in db.session.execute(newest)}
