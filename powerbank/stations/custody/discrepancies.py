"""Discrepancies: what a station shows and what the database has are not the same. Staff settle them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import first_id_of, new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.outbox.enqueue import publish
from powerbank.stations.custody.models import Discrepancy, DiscrepancyKind
from powerbank.stations.events import StationAlarm
from powerbank.stations.models import Station

# Of one kind at one station, since a station can make up as many serials as it likes. Missing banks are not limited:
# there are never more of them than slots, and a bank is believed elsewhere only while its own station misses it.
MOST_OPEN = 20
ALARM_INTERVAL = timedelta(hours=1)  # between two alarms of one kind at one station
SYSTEM = "system"
RETENTION = timedelta(days=365)
DELETED_AT_ONCE = 5000

TEXTS = {
    DiscrepancyKind.BANK_MISSING: "power bank {serial} is missing from slot {slot}",
    DiscrepancyKind.BANK_ELSEWHERE: "power bank {serial}, which belongs elsewhere, is in slot {slot}",
    DiscrepancyKind.UNKNOWN_SERIAL: "power bank {serial} in slot {slot} is in no register",
}


def open_discrepancy(
    *,
    kind: DiscrepancyKind,
    serial: str,
    station_id: UUID,
    slot_number: int | None,
    detail: dict[str, Any],
    now: datetime,
) -> None:
    """Open a discrepancy, or note that an open one was seen again.

    Stations repeat themselves every half minute. An open discrepancy takes the newest place. One that staff settled
    stays settled while the station says the same. One that had settled itself is opened again.
    """
    session = open_session()
    known = session.scalars(
        select(Discrepancy)
        .where(Discrepancy.serial == serial, Discrepancy.kind == kind)
        .order_by(Discrepancy.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    seen = {"station_id": station_id, "slot_number": slot_number, "detail": detail, "last_seen_at": now}
    if known is not None and known.resolved_at is not None:
        if known.resolved_by != SYSTEM and (known.station_id, known.slot_number) == (station_id, slot_number):
            known.last_seen_at = now
            return
        if not _has_room(kind, station_id):
            return
        if known.resolved_by == SYSTEM:
            again = {"opened_at": now, "resolved_at": None, "resolved_by": None, "resolution": None}
            changes = seen | again | {"times": Discrepancy.times + 1}
            session.execute(update(Discrepancy).where(Discrepancy.id == known.id).values(changes))
            _tell_staff(kind, serial, station_id, slot_number, now)
            return
    elif known is None and not _has_room(kind, station_id):
        return
    made = insert(Discrepancy).values(id=new_id(), kind=kind, serial=serial, opened_at=now, **seen)
    statement = made.on_conflict_do_update(
        index_elements=["kind", "serial"], index_where=Discrepancy.resolved_at.is_(None), set_=seen
    )
    session.execute(statement)
    if known is None or known.resolved_at is not None:
        _tell_staff(kind, serial, station_id, slot_number, now)


def _has_room(kind: DiscrepancyKind, station_id: UUID) -> bool:
    """Tell whether the station may have one more. Its state is locked, so that nobody else counts at the same time."""
    if kind is DiscrepancyKind.BANK_MISSING:
        return True
    open_ones = select(func.count()).where(
        Discrepancy.station_id == station_id, Discrepancy.kind == kind, Discrepancy.resolved_at.is_(None)
    )
    return (open_session().scalar(open_ones) or 0) < MOST_OPEN


def _tell_staff(kind: DiscrepancyKind, serial: str, station_id: UUID, slot_number: int | None, now: datetime) -> None:
    """Tell staff of the first discrepancy of a kind at a station, and of the next ones only after an hour."""
    session = open_session()
    of_this = (Discrepancy.station_id == station_id, Discrepancy.kind == kind)
    if session.scalar(select(exists().where(*of_this, Discrepancy.alerted_at > now - ALARM_INTERVAL))):
        return
    session.execute(
        update(Discrepancy)
        .where(*of_this, Discrepancy.serial == serial, Discrepancy.resolved_at.is_(None))
        .values(alerted_at=now)
    )
    publish(
        StationAlarm(
            station_sn=session.get_one(Station, station_id).sn,
            kind=kind.value,
            slot_number=slot_number,
            serial=serial,
            report_id=None,
            detail=TEXTS[kind].format(serial=serial, slot="?" if slot_number is None else slot_number),
        )
    )


def is_bank_missing(serial: str, *, station_id: UUID | None = None) -> bool:
    """Tell whether a station, or this one, says that the bank is not in the slot where the database has it."""
    missing = [Discrepancy.serial == serial, Discrepancy.kind == DiscrepancyKind.BANK_MISSING]
    if station_id is not None:
        missing.append(Discrepancy.station_id == station_id)
    return bool(open_session().scalar(select(exists().where(*missing, Discrepancy.resolved_at.is_(None)))))


def resolve_discrepancy(discrepancy_id: UUID, *, resolution: str, by: str, now: datetime) -> Discrepancy:
    """Settle a discrepancy by hand. A missing bank is settled by saying where it is."""
    row = open_session().get(Discrepancy, discrepancy_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFoundError("discrepancy")
    if row.resolved_at is not None:
        raise ConflictError("already_resolved", "Somebody has settled this already.")
    if row.kind == DiscrepancyKind.BANK_MISSING:
        raise ConflictError("say_where_it_is", "Say where the power bank is, or write it off: that settles this.")
    row.resolved_at, row.resolved_by, row.resolution = now, by, resolution
    return row


def close_discrepancies(serial: str, *, resolution: str, now: datetime, by: str = SYSTEM) -> int:
    """Close all discrepancies about a bank, because the world and the database agree again."""
    rows = (
        open_session()
        .query(Discrepancy)
        .filter(Discrepancy.serial == serial, Discrepancy.resolved_at.is_(None))
        .with_for_update()
        .all()
    )
    for row in rows:
        row.resolved_at, row.resolved_by, row.resolution = now, by, resolution
    return len(rows)


def delete_old_discrepancies(*, now: datetime) -> int:
    """Delete a batch of discrepancies that were settled long ago, and count them. 0 means that none is left."""
    old = (
        select(Discrepancy.id)
        .where(Discrepancy.id < first_id_of(now - RETENTION), Discrepancy.resolved_at < now - RETENTION)
        .limit(DELETED_AT_ONCE)
    )
    deleted = open_session().execute(delete(Discrepancy).where(Discrepancy.id.in_(old)))
    return int(deleted.rowcount)  # type: ignore[attr-defined]
