"""Idempotency keys: the answer to a request, kept in the transaction of its effects."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.db import Base, open_session
from powerbank.errors import ConflictError

KEEP = timedelta(hours=24)


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)


def fingerprint(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def claim(*, principal: str, route: str, key: str, body: bytes) -> IdempotencyKey | None:
    """Makes the key this transaction's own. Comes back with the earlier answer if there is one.

    Whoever asks with the same key meanwhile waits in the INSERT until this transaction ends.
    """
    session = open_session()
    identity = {"principal": principal, "route": route, "key": key}
    statement = insert(IdempotencyKey).values(**identity, fingerprint=fingerprint(body))
    made = session.execute(statement.on_conflict_do_nothing().returning(IdempotencyKey.key)).one_or_none()
    if made is not None:
        return None
    earlier = session.scalars(select(IdempotencyKey).filter_by(**identity)).one()
    if earlier.fingerprint != fingerprint(body):
        raise ConflictError("idempotency_conflict", "This Idempotency-Key was used with another body.")
    return earlier


def keep(*, principal: str, route: str, key: str, status: int, body: bytes, content_type: str) -> None:
    open_session().execute(
        update(IdempotencyKey)
        .filter_by(principal=principal, route=route, key=key)
        .values(status=status, body=body, content_type=content_type)
    )


def prune(*, now: datetime) -> None:
    open_session().execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEEP))
