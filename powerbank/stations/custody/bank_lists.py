"""The list of power banks for staff: each with where it is, and with the charge that its slot shows.

A bank has one open stay, so the list is read from the open stays. Their index by place gives each list in its order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import after_cursor, page
from powerbank.base.db import db
from powerbank.stations.custody.models import Custody, Place, PowerBank
from powerbank.stations.models import Slot, Station


@dataclass(frozen=True)
class ListedBank:
    serial: str
    model: str | None
    health: str
    cycles: int
    quarantine_reason: str | None
    doubt: str | None
    created_at: Any
    place: str
    station_sn: str | None
    slot_number: int | None
    rental_id: UUID | None
    holder: str | None
    battery_level: int | None


def list_banks(
    *,
    limit: int,
    cursor: str | None,
    q: str | None = None,
    place: str | None = None,
    station_sn: str | None = None,
    quarantined: bool | None = None,
    doubtful: bool | None = None,
    health: str | None = None,
    charge_below: int | None = None,
) -> dict[str, Any]:
    """List a page of the power banks, newest first. `q` is how a serial begins."""
    query = select(Custody).join(PowerBank, PowerBank.id == Custody.bank_id).where(func.upper_inf(Custody.period))
    # Both sides of the join begin where the last page ended, so that an index of either side may lead.
    query = query.where(after_cursor(cursor, PowerBank.id, descending=True))
    if q is not None:
        query = query.where(func.lower(PowerBank.serial).startswith(q.lower(), autoescape=True))
    if place is not None:
        query = query.where(Custody.place == place)
    if station_sn is not None:
        query = query.where(Custody.station_id == select(Station.id).where(Station.sn == station_sn).scalar_subquery())
    for column, wanted in ((PowerBank.quarantine_reason, quarantined), (PowerBank.doubt, doubtful)):
        if wanted is not None:
            query = query.where(column.is_not(None) if wanted else column.is_(None))
    if health is not None:
        query = query.where(PowerBank.health == health)
    if charge_below is not None:
        query = query.join(Slot, (Slot.station_id == Custody.station_id) & (Slot.number == Custody.slot_number)).where(
            Custody.place == Place.SLOT, Slot.bank_serial == PowerBank.serial, Slot.charge < charge_below
        )
    found = page(query, Custody.bank_id, descending=True, limit=limit, cursor=cursor)
    return found | {"items": _describe_banks(found["items"])}


def _describe_banks(stays: Sequence[Custody]) -> list[ListedBank]:
    banks = {
        bank.id: bank
        for bank in db.session.scalars(select(PowerBank).where(PowerBank.id.in_([stay.bank_id for stay in stays])))
    }
    station_ids = {stay.station_id for stay in stays if stay.station_id is not None}
    numbers = {
        row[0]: row[1] for row in db.session.execute(select(Station.id, Station.sn).where(Station.id.in_(station_ids)))
    }
    slots = db.session.execute(
        select(Slot.bank_serial, Slot.charge).where(Slot.bank_serial.in_([bank.serial for bank in banks.values()]))
    )
    charges = {row.bank_serial: row.charge for row in slots}
    names = ("serial", "model", "health", "cycles", "quarantine_reason", "doubt", "created_at")
    return [
        ListedBank(
            **{name: getattr(banks[stay.bank_id], name) for name in names},
            place=stay.place,
            station_sn=numbers.get(stay.station_id) if stay.station_id else None,
            slot_number=stay.slot_number,
            rental_id=stay.rental_id,
            holder=stay.holder,
            battery_level=charges.get(banks[stay.bank_id].serial) if stay.place == Place.SLOT else None,
        )
        for stay in stays
    ]
