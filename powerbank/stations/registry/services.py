"""The registry: stations made, changed, serviced, taken away; and whose favourites they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.errors import ForeignKeyViolation
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.database_errors import Refusals, already_exists_error, foreseen, in_use_error
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError
from powerbank.stations.availability import live_rows
from powerbank.stations.models import Slot, Station, StationLive
from powerbank.stations.registry import credentials, queries, search_terms
from powerbank.stations.registry.credentials import NewCredentials


def register_station(*, now: datetime, **facts: Any) -> tuple[Station, NewCredentials]:
    """A new station with empty slots, and what it signs in with at the broker."""
    [(station, shown)] = register_stations([facts], now=now)
    open_session().refresh(station)
    return station, shown


def register_stations(many: Sequence[dict[str, Any]], *, now: datetime) -> list[tuple[Station, NewCredentials]]:
    """In a few statements, however many: a file of thousands is one request."""
    session = open_session()
    stations = [Station(id=new_id(), **_without_slots(facts)) for facts in many]
    for station in stations:
        station.words = search_terms.make_vector(station)
    session.add_all(stations)
    with foreseen(_refusals()):
        session.flush()
    slots = [
        {"station_id": station.id, "number": number}
        for station, facts in zip(stations, many, strict=True)
        for number in range(1, facts["slots"] + 1)
    ]
    session.execute(insert(Slot), slots)
    live_rows.refresh_live_rows([station.id for station in stations])
    return list(zip(stations, credentials.issue_credentials_of_all(stations, now=now), strict=True))


def _refusals() -> Refusals:
    return {"uq_stations_sn": already_exists_error(), "uq_stations_imei": already_exists_error()}


def _without_slots(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "slots"}


def change_station(sn: str, changes: Mapping[str, Any]) -> Station:
    session = open_session()
    station = queries.lock_station(sn)
    for name, value in _without_slots(changes).items():
        setattr(station, name, value)
    station.words = search_terms.make_vector(station)
    with foreseen(_refusals()):
        session.flush()
    if "slots" in changes:
        _resize(station.id, changes["slots"])
    live_rows.refresh_live_rows([station.id])
    session.refresh(station)
    return station


def set_maintenance(sn: str, *, enable: bool) -> Station:
    return change_station(sn, {"maintenance": enable})


def delete_station(sn: str) -> None:
    """For a station entered by mistake. One with a history can only be made inactive: the database refuses."""
    with foreseen({ForeignKeyViolation: in_use_error()}):
        open_session().execute(delete(Station).where(Station.id == queries.lock_station(sn).id))


def rotate_credentials(sn: str, *, now: datetime) -> NewCredentials:
    return credentials.issue_credentials(queries.lock_station(sn), now=now)


def note_seen(station_id: UUID, *, at: datetime, online: bool, firmware: str | None = None) -> None:
    """The station spoke, or the broker says that it is gone."""
    row = open_session().get_one(StationLive, station_id, with_for_update=True, populate_existing=True)
    row.online = online
    if online and (row.last_seen is None or at > row.last_seen):
        row.last_seen = at
    if firmware is not None:
        row.firmware = firmware


def _make_slots(station_id: UUID, first: int, last: int) -> None:
    rows = [{"station_id": station_id, "number": number} for number in range(first, last + 1)]
    if rows:
        open_session().execute(insert(Slot).values(rows))


def _resize(station_id: UUID, count: int) -> None:
    session = open_session()
    has = session.scalar(select(func.count()).where(Slot.station_id == station_id)) or 0
    if count >= has:
        _make_slots(station_id, has + 1, count)
        return
    beyond = (Slot.station_id == station_id, Slot.number > count)
    if session.scalar(select(func.count()).where(*beyond, Slot.bank_serial.is_not(None))):
        raise ConflictError("slot_occupied", "A power bank sits in a slot that would go.")
    session.execute(delete(Slot).where(*beyond))
