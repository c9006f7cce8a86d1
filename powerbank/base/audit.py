"""The audit log: what staff did, written in the transaction in which they did it. Its rows never change."""

from datetime import datetime
from typing import Any

import structlog
from flask import g, has_request_context, request
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, open_session


class AuditEntry(Base):
    __tablename__ = "audit_log"
    # There is an index for each way of asking, all in the order of the pages.
    __table_args__ = (
        Index("ix_audit_log_at", "at", "id"),
        Index("ix_audit_log_actor", "actor", "at", "id"),
        Index("ix_audit_log_action", "action", "at", "id"),
        Index("ix_audit_log_object", "object_kind", "object_id", "at", "id"),
        Index("ix_audit_log_exports", "at", "id", postgresql_where=text("action LIKE '%.export%'")),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    actor: Mapped[str]  # `staff:<id>`, or the name of a command
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    old: Mapped[dict[str, Any] | None]
    new: Mapped[dict[str, Any] | None]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]


def staff_actor(staff_id: object) -> str:
    """Name a member of staff as the actor of a change, the same way in the audit log, the ledger and custody."""
    return f"staff:{staff_id}"


def record_by_staff(
    action: str,
    object_kind: str,
    object_id: object,
    *,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    """Record what the member of staff did whom the guard of this request let in."""
    actor = staff_actor(g.staff.id)
    record(actor=actor, action=action, object_kind=object_kind, object_id=object_id, old=old, new=new)


def record(
    *,
    actor: str,
    action: str,
    object_kind: str,
    object_id: object,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    """Record what an actor did to an object, with the address and the client of the request if there is one."""
    inside = has_request_context()
    open_session().add(
        AuditEntry(
            actor=actor,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            old=old,
            new=new,
            address=request.remote_addr if inside else None,
            user_agent=request.headers.get("User-Agent", "")[:300] if inside else None,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
        )
    )
