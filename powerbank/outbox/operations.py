"""Operations: accepted work that has no resource of its own. A job does it, and who asked for it looks at it."""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, db, new_id, one_of, open_session
from powerbank.base.errors import AppError, InvalidFieldsError, NotFoundError
from powerbank.integrations.callbacks.client import Callbacks
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.outbox.catalogue import system_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.policy import JobSpec

SHOWN_FOR = timedelta(hours=24)
KEEP = timedelta(days=7)  # longer than it is shown, so that who comes late hears that it is over


class Status(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Operation(Base):
    __tablename__ = "operations"
    __table_args__ = (
        one_of("status", Status),
        CheckConstraint("(status = 'succeeded') = (result IS NOT NULL)", name="result"),
        CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name="error"),
        CheckConstraint("num_nonnulls(user_id, staff_id) = 1", name="asked_by"),
        Index("ix_operations_expires_at", "expires_at"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str]
    request: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default=Status.PENDING)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # done, total, what it did
    callback_url: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    hosts = [host for host in settings.callback_hosts.split(",") if host.strip()]
    app.extensions["callbacks"] = Callbacks(hosts=hosts, secret=settings.callback_secret.get_secret_value())


def callbacks() -> Callbacks:
    found: Callbacks = current_app.extensions["callbacks"]
    return found


def accept(
    spec: JobSpec,
    *,
    request: dict[str, Any],
    now: datetime,
    user_id: UUID | None = None,
    staff_id: UUID | None = None,
    callback_url: str | None = None,
    total: int | None = None,
) -> Operation:
    """Accept an operation: keep what was asked for, as JSON, and enqueue the job that does it, `spec(operation_id)`.

    A person asks, or a member of staff. `total` is how much there is to do, where the job tells how far it is.
    """
    if callback_url is not None:
        try:
            callbacks().check(callback_url)
        except CallbackRefusedError as refused:
            errors = {"callback_url": [f"{refused}."]}
            raise InvalidFieldsError(errors) from None
    operation = Operation(
        id=new_id(),
        user_id=user_id,
        staff_id=staff_id,
        kind=spec.name,
        request=request,
        status=Status.PENDING,
        progress=None if total is None else {"done": 0, "total": total},
        callback_url=callback_url,
        expires_at=now + SHOWN_FOR,
    )
    open_session().add(operation)
    open_session().flush()
    enqueue(spec, operation_id=str(operation.id))
    return operation


def find_operation_of_asker(
    operation_id: UUID, *, user_id: UUID | None = None, staff_id: UUID | None = None, now: datetime
) -> Operation:
    """Find an operation of the person or the member of staff who asked for it, whichever is given."""
    found = db.session.get(Operation, operation_id)
    if found is None or (found.user_id, found.staff_id) != (user_id, staff_id):
        raise NotFoundError("operation")
    if found.expires_at <= now:
        raise AppError("operation_expired", 410, "The result of this operation is kept no longer.")
    return found


def lock_pending_operation(operation_id: UUID) -> Operation | None:
    """Lock an operation, if there is still something to do for it."""
    found = open_session().get(Operation, operation_id, with_for_update=True, populate_existing=True)
    return found if found is not None and found.status == Status.PENDING else None


def succeed(operation: Operation, result: dict[str, Any], *, now: datetime) -> None:
    operation.result = result
    _finish(operation, Status.SUCCEEDED, now)


def fail(operation: Operation, code: str, detail: str, *, now: datetime, **more: Any) -> None:
    operation.error = {"code": code, "detail": detail, **more}
    _finish(operation, Status.FAILED, now)


def _finish(operation: Operation, status: Status, now: datetime) -> None:
    operation.status, operation.finished_at = status, now
    if operation.callback_url is not None:
        enqueue(system_jobs.SEND_CALLBACK, operation_id=str(operation.id))


def callback_body(operation: Operation) -> bytes:
    """Write what the callback of an operation says."""
    finished = operation.finished_at.isoformat().replace("+00:00", "Z") if operation.finished_at else None
    body = {
        "operation_id": str(operation.id),
        "kind": operation.kind,
        "status": operation.status,
        "result": operation.result,
        "error": operation.error,
        "finished_at": finished,
    }
    return json.dumps(body, ensure_ascii=False).encode()


def prune(*, now: datetime) -> None:
    open_session().execute(delete(Operation).where(Operation.expires_at < now - KEEP))
