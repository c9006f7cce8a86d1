"""The audit log: what staff did, in the transaction in which they did it. Rows are never changed."""

from datetime import datetime
from typing import Any

import structlog
from flask import g, has_request_context, request
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, open_session


class AuditEntry(Base):
    __tablename__ = "audit_log"
    # One for each way of asking, all in the order in which the pages are turned.
    __table_args__ = (
        Index("ix_audit_log_at", "at", "id"),
        Index("ix_audit_log_actor", "actor", "at", "id"),
        Index("ix_audit_log_action", "action", "at", "id"),
        Index("ix_audit_log_object", "object_kind", "object_id", "at", "id"),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    actor: Mapped[str]  # staff:<id>, or the command that did it
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


def by_staff(
    action: str,
    object_kind: str,
    object_id: object,
    *,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    """What the member of staff whom the guard let in did."""
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
