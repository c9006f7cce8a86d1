"""Traces of the phone numbers, e-mail addresses and devices that people have ever had.

A trace is a digest, which tells only whether the same number, address or device comes again. A phone that moves from
one account to another says that both belong to one person, however many had it in between.

An account that ends leaves the digests of its numbers and addresses here for two years. Whoever comes back with one of
them is no newcomer, and does not get again what a person gets once. After that the number may well be somebody else's.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from powerbank.base.db import db, open_session
from powerbank.users.models import AccountStatus, IdentifierKind, IdentifierTrace, User

RETENTION_AFTER_LEAVING = timedelta(days=730)


def record_trace(user_id: UUID, *, kind: str, value: str) -> None:
    row = {"user_id": user_id, "kind": kind, "digest": digest_identifier(kind, value)}
    open_session().execute(insert(IdentifierTrace).values(row).on_conflict_do_nothing())


def find_shared_identifier(invitee_id: UUID, inviter_id: UUID) -> str | None:
    """Say why a referral earns nothing: whoever has had the same phone, address or device is the same person."""
    theirs = aliased(IdentifierTrace)
    kind = db.session.scalar(
        select(IdentifierTrace.kind)
        .join(theirs, theirs.digest == IdentifierTrace.digest)
        .where(IdentifierTrace.user_id == invitee_id, theirs.user_id == inviter_id)
        .order_by(IdentifierTrace.kind.desc())  # a phone says more than an address, and that more than a device
        .limit(1)
    )
    return f"same_{kind}" if kind else None


def list_earlier_accounts(user_id: UUID) -> list[UUID]:
    """List the accounts before this one, ended ones too, that have or had one of its numbers or addresses."""
    theirs = aliased(IdentifierTrace)
    return list(
        db.session.scalars(
            select(theirs.user_id)
            .join(IdentifierTrace, IdentifierTrace.digest == theirs.digest)
            # Ids sort by the time at which they were made.
            .where(IdentifierTrace.user_id == user_id, theirs.user_id < user_id, theirs.kind.in_([*IdentifierKind]))
            .distinct()
        )
    )


def find_former_account(invitee_id: UUID, _inviter_id: UUID) -> str | None:
    """Say why a referral earns nothing: nobody brings in somebody who was here before."""
    return "returning" if list_earlier_accounts(invitee_id) else None


def forget_devices_of_user(user: User) -> None:
    """Forget the devices of a person who leaves. The digests of numbers and addresses stay for a while."""
    open_session().execute(
        delete(IdentifierTrace).where(
            IdentifierTrace.user_id == user.id, IdentifierTrace.kind.not_in([*IdentifierKind])
        )
    )


def prune_traces(*, now: datetime) -> None:
    ended = select(User.id).where(User.status == AccountStatus.DELETED, User.deleted_at < now - RETENTION_AFTER_LEAVING)
    open_session().execute(delete(IdentifierTrace).where(IdentifierTrace.user_id.in_(ended)))


def digest_identifier(kind: str, value: str) -> bytes:
    """Digest an identifier under a key, because there are few enough phone numbers to try them all."""
    key = current_app.config["SETTINGS"].secret_key.get_secret_value().encode()
    return hmac.digest(key, f"identifier:{kind}:{value}".encode(), hashlib.sha256)
