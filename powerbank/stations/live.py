"""The live rows: what the app reads of stations, made from the registry, the slots and the banks.

`online`, `last_seen` and `firmware` come from the station itself and stay as they are.
"""

import functools
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import cast as as_type
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from powerbank.content import app_config
from powerbank.db import open_session
from powerbank.stations.bank_models import Custody, Health, Place, PowerBank, Reservation
from powerbank.stations.models import Slot, Station, StationLive, Works


def rentable(min_battery: int | BindParameter[int]) -> ColumnElement[bool]:
    """Of a slot joined with the bank that it reports: may this bank be handed out?"""
    reserved = exists().where(Reservation.bank_id == PowerBank.id)
    in_its_place = exists().where(
        Custody.bank_id == PowerBank.id, func.upper_inf(Custody.period), Custody.place == Place.SLOT,
        Custody.station_id == Slot.station_id, Custody.slot_number == Slot.number,
    )  # fmt: skip
    return and_(
        Slot.works == Works.OK, Slot.held_because.is_(None), Slot.charge >= min_battery,
        PowerBank.health == Health.GOOD, PowerBank.quarantine_reason.is_(None), PowerBank.doubt.is_(None),
        ~reserved, in_its_place,
    )  # fmt: skip


def free() -> ColumnElement[bool]:
    """Of a slot: may a bank be returned into it?"""
    return and_(Slot.works == Works.OK, Slot.held_because.is_(None), Slot.bank_serial.is_(None))


@contextmanager
def once() -> Iterator[None]:
    """Several changes of a station, and its live row made once, at the end of them."""
    session = open_session()
    if "live_waiting" in session.info:  # somebody around us waits for its own end
        yield
        return
    waiting = session.info["live_waiting"] = set[UUID]()
    try:
        yield
    finally:
        del session.info["live_waiting"]
    refresh(waiting)


def refresh(station_ids: Collection[UUID] | None) -> None:
    """Makes the live rows of these stations again, or of all."""
    if station_ids is not None and not station_ids:
        return
    waiting: set[UUID] | None = open_session().info.get("live_waiting")
    if waiting is not None and station_ids is not None:
        waiting.update(station_ids)
        return
    session = open_session()
    session.flush()
    lock, write = _statements(of_all=station_ids is None)
    these = {} if station_ids is None else {"station_ids": list(station_ids)}
    # Counted after the lock: two that change a station at once would otherwise write what each saw of it alone.
    session.execute(lock, these)
    session.execute(write, these | {"min_battery": app_config.current().min_eject_battery})


@functools.cache
def _statements(*, of_all: bool) -> tuple[Select[UUID], Insert]:
    """Built once: SQLAlchemy takes longer to put them together than PostgreSQL to carry them out."""
    banks = (
        select(func.count()).select_from(Slot).join(PowerBank, PowerBank.serial == Slot.bank_serial)
        .where(Slot.station_id == Station.id, rentable(bindparam("min_battery", type_=Integer)))
        .correlate(Station).scalar_subquery()
    )  # fmt: skip
    slots = (
        select(func.count()).select_from(Slot).where(Slot.station_id == Station.id, free())
        .correlate(Station).scalar_subquery()
    )  # fmt: skip
    facts = {
        "station_id": Station.id, "sn": Station.sn, "name": Station.name, "lat": Station.lat, "lng": Station.lng,
        "active": Station.active, "maintenance": Station.maintenance,
        "hours": cast(Station.opening_hours, Text), "timezone": Station.timezone,
        "available_banks": case((Station.rent_enabled, banks), else_=literal(0)),
        "free_slots": case((Station.return_enabled, slots), else_=literal(0)),
    }  # fmt: skip
    query = select(*facts.values()).order_by(Station.id)
    lock = select(StationLive.station_id).order_by(StationLive.station_id).with_for_update()
    if not of_all:
        query = query.where(Station.id.in_(bindparam("station_ids", expanding=True)))
        lock = lock.where(StationLive.station_id.in_(bindparam("station_ids", expanding=True)))
    made = insert(as_type("Table", StationLive.__table__)).from_select(list(facts), query)
    news = {name: made.excluded[name] for name in facts if name != "station_id"}
    write = made.on_conflict_do_update(
        index_elements=["station_id"], set_=news | {"revision": StationLive.revision + 1}
    )
    return lock, write
