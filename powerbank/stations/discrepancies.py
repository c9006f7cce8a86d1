"""Where a station's word and the database disagree. Staff settle it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from powerbank.db import new_id, open_session
from powerbank.errors import ConflictError, NotFoundError
from powerbank.stations.bank_models import Discrepancy, DiscrepancyKind


def open_discrepancy(
    *, kind: DiscrepancyKind, serial: str, station_id: UUID, slot_number: int | None, detail: dict[str, Any],
    now: datetime,
) -> UUID:  # fmt: skip
    """One that is open already is kept, with the newest place: stations repeat themselves every half a minute."""
    seen = {"station_id": station_id, "slot_number": slot_number, "detail": detail, "last_seen_at": now}
    made = insert(Discrepancy).values(id=new_id(), kind=kind, serial=serial, opened_at=now, **seen)
    statement = made.on_conflict_do_update(
        index_elements=["kind", "serial"], index_where=Discrepancy.resolved_at.is_(None), set_=seen
    )
    found: UUID = open_session().execute(statement.returning(Discrepancy.id)).scalar_one()
    return found


def resolve(discrepancy_id: UUID, *, resolution: str, by: str, now: datetime) -> Discrepancy:
    row = open_session().get(Discrepancy, discrepancy_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFoundError("discrepancy")
    if row.resolved_at is not None:
        raise ConflictError("already_resolved", "Somebody has settled this already.")
    row.resolved_at, row.resolved_by, row.resolution = now, by, resolution
    return row


def close_all(serial: str, *, resolution: str, now: datetime) -> int:
    """The world and the database agree again about this bank."""
    rows = open_session().query(Discrepancy).filter(
        Discrepancy.serial == serial, Discrepancy.resolved_at.is_(None)
    ).with_for_update().all()  # fmt: skip
    for row in rows:
        row.resolved_at, row.resolved_by, row.resolution = now, "system", resolution
    return len(rows)
