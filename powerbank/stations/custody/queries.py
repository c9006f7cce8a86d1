"""Read power banks, where each of them is and was, and the discrepancies about them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.stations.custody.holders import name_holders
from powerbank.stations.custody.models import Custody, Discrepancy, Place, PowerBank, Whereabouts
from powerbank.stations.models import Station
from powerbank.stations.registry.queries import find_station


def find_bank(serial: str) -> PowerBank:
    """Find a power bank by its serial."""
    bank: PowerBank | None = db.session.scalar(select(PowerBank).where(PowerBank.serial == serial))
    if bank is None:
        raise NotFoundError("power bank")
    return bank


def lock_bank(serial: str) -> PowerBank:
    """Lock a power bank until the end of the transaction."""
    bank = open_session().scalar(
        select(PowerBank).where(PowerBank.serial == serial).with_for_update().execution_options(populate_existing=True)
    )
    if bank is None:
        raise NotFoundError("power bank")
    return bank


def describe_bank(bank: PowerBank) -> dict[str, Any]:
    """Describe a power bank and everywhere it was, newest first."""
    names = ("serial", "model", "health", "cycles", "quarantine_reason", "doubt", "created_at")
    found = list_stays(bank.id)
    called = name_holders([stay.holder for stay, _ in found])
    stays = [
        {
            "place": stay.place,
            "station_sn": sn,
            "slot_number": stay.slot_number,
            "rental_id": stay.rental_id,
            "holder": stay.holder,
            "holder_name": called.get(stay.holder, stay.holder) if stay.holder else None,
            "cause": stay.cause,
            "since": stay.since,
            "until": stay.until,
        }
        for stay, sn in found
    ]
    return {name: getattr(bank, name) for name in names} | {"custody": stays}


def list_stays(bank_id: UUID, *, most: int = 200) -> Sequence[Any]:
    """List the stays of a power bank, each with the number of its station, newest first."""
    query = (
        select(Custody, Station.sn)
        .outerjoin(Station, Station.id == Custody.station_id)
        .where(Custody.bank_id == bank_id)
        .order_by(Custody.id.desc())
    )
    return db.session.execute(query.limit(most)).all()


def find_last_stays(bank_id: UUID) -> tuple[Custody, Custody | None]:
    """Find the stay that a power bank is in, and the stay before it."""
    session = open_session()
    fresh = {"populate_existing": True}
    of_bank = select(Custody).where(Custody.bank_id == bank_id)
    current = session.scalars(of_bank.where(func.upper_inf(Custody.period)), execution_options=fresh).one()
    before = session.scalars(of_bank.where(func.upper(Custody.period) == current.since), execution_options=fresh)
    return current, before.first()


def find_whereabouts(bank_id: UUID) -> Whereabouts:
    """Find where a power bank is."""
    query = select(Custody).where(Custody.bank_id == bank_id, func.upper_inf(Custody.period))
    stay = open_session().scalars(query).one()
    return Whereabouts(Place(stay.place), stay.station_id, stay.slot_number, stay.rental_id, stay.holder)


def find_discrepancy(discrepancy_id: UUID) -> Discrepancy:
    found: Discrepancy | None = db.session.get(Discrepancy, discrepancy_id)
    if found is None:
        raise NotFoundError("discrepancy")
    return found


def list_open_discrepancies_of_bank(serial: str) -> Sequence[Discrepancy]:
    query = select(Discrepancy).where(Discrepancy.serial == serial, Discrepancy.resolved_at.is_(None))
    return db.session.scalars(query.order_by(Discrepancy.id)).all()


def list_discrepancies(
    *, state: str, station_sn: str | None, kind: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """List a page of the discrepancies, newest first."""
    query = select(Discrepancy)
    if station_sn is not None:
        query = query.where(Discrepancy.station_id == find_station(station_sn).id)
    if kind is not None:
        query = query.where(Discrepancy.kind == kind)
    if state != "all":
        is_open = Discrepancy.resolved_at.is_(None)
        query = query.where(is_open if state == "open" else ~is_open)
    return page(query, Discrepancy.id, descending=True, limit=limit, cursor=cursor)
