"""Write and read what tests need of a network and the product has no function for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import open_session
from powerbank.stations.custody.models import BankPromise
from powerbank.stations.models import StationLive


def mark_seen(station_id: UUID, *, at: datetime, online: bool = True) -> None:
    """Make a station look as if it had just sent a message, or as if the broker had said that it is gone."""
    row = open_session().get_one(StationLive, station_id, with_for_update=True, populate_existing=True)
    row.online = online
    if online and (row.last_seen is None or at > row.last_seen):
        row.last_seen = at


def reserve_bank(bank_id: UUID, *, rental_id: UUID) -> bool:
    """Reserve this very bank for a rental. False if it is reserved for another one."""
    reserved = open_session().execute(
        insert(BankPromise)
        .values(bank_id=bank_id, holder_id=rental_id)
        .on_conflict_do_nothing(index_elements=["bank_id"])
        .returning(BankPromise.bank_id)
    )
    return reserved.one_or_none() is not None


def list_free_slots(station_id: UUID) -> list[int]:
    """List the numbers of the slots into which a power bank can be returned."""
    query = text("SELECT number FROM free_slots WHERE station_id = :station_id ORDER BY number")
    return list(open_session().scalars(query, {"station_id": station_id}))
