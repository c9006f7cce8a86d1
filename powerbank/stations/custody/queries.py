from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.stations.custody.models import Custody, Place, PowerBank, Whereabouts
from powerbank.stations.models import Station


def find_bank(serial: str) -> PowerBank:
    found: PowerBank | None = db.session.scalar(select(PowerBank).where(PowerBank.serial == serial))
    if found is None:
        raise NotFoundError("power bank")
    return found


def list_stays(bank_id: UUID, *, most: int = 200) -> Sequence[Any]:
    """Newest first."""
    query = (
        select(Custody, Station.sn)
        .outerjoin(Station, Station.id == Custody.station_id)
        .where(Custody.bank_id == bank_id)
        .order_by(Custody.id.desc())
    )
    return db.session.execute(query.limit(most)).all()


_FREE_SLOTS = text("SELECT number FROM free_slots WHERE station_id = :station_id ORDER BY number")


def lock_bank(serial: str) -> PowerBank:
    bank = open_session().scalar(
        select(PowerBank).where(PowerBank.serial == serial).with_for_update().execution_options(populate_existing=True)
    )
    if bank is None:
        raise NotFoundError("power bank")
    return bank


def find_whereabouts(bank_id: UUID) -> Whereabouts:
    row = (
        open_session().scalars(select(Custody).where(Custody.bank_id == bank_id, func.upper_inf(Custody.period))).one()
    )
    return _whereabouts_of(row)


def _whereabouts_of(row: Custody) -> Whereabouts:
    return Whereabouts(Place(row.place), row.station_id, row.slot_number, row.rental_id, row.holder)


def list_free_slots(station_id: UUID) -> list[int]:
    """Numbers of the slots into which a bank can be returned."""
    return list(open_session().scalars(_FREE_SLOTS, {"station_id": station_id}))


def find_last_stays(bank_id: UUID) -> tuple[Custody, Custody | None]:
    """Where the bank is, and where it was before."""
    session = open_session()
    fresh = {"populate_existing": True}
    mine = select(Custody).where(Custody.bank_id == bank_id)
    now_at = session.scalars(mine.where(func.upper_inf(Custody.period)), execution_options=fresh).one()
    before = session.scalars(mine.where(func.upper(Custody.period) == now_at.since), execution_options=fresh).first()
    return now_at, before
