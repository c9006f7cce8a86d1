"""Which numbers and addresses people have ever proved to be theirs, and on which devices they were told, as digests
that tell only whether one is the same again. A phone that moves from one account to another says that both are one
person's, however many had it in between; an account that ends leaves nothing here."""

import hashlib
import hmac
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from powerbank.db import db, open_session
from powerbank.users.models import IdentifierTrace, User


def note(user_id: UUID, *, kind: str, value: str) -> None:
    row = {"user_id": user_id, "kind": kind, "digest": _digest(kind, value)}
    open_session().execute(insert(IdentifierTrace).values(row).on_conflict_do_nothing())


def same_identifier(invitee_id: UUID, inviter_id: UUID) -> str | None:
    """A rule of referrals: whoever has had the same phone, address or device is the same person."""
    theirs = aliased(IdentifierTrace)
    kind = db.session.scalar(
        select(IdentifierTrace.kind)
        .join(theirs, theirs.digest == IdentifierTrace.digest)
        .where(IdentifierTrace.user_id == invitee_id, theirs.user_id == inviter_id)
        .order_by(IdentifierTrace.kind.desc())  # a phone says more than an address, and that more than a device
        .limit(1)
    )
    return f"same_{kind}" if kind else None


def forget(user: User) -> None:
    open_session().execute(delete(IdentifierTrace).where(IdentifierTrace.user_id == user.id))


def _digest(kind: str, value: str) -> bytes:
    """Keyed: there are few enough phone numbers to try them all."""
    key = current_app.config["SETTINGS"].secret_key.get_secret_value().encode()
    return hmac.digest(key, f"identifier:{kind}:{value}".encode(), hashlib.sha256)
