"""Register stations, change them, and delete those that were entered by mistake."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.errors import ForeignKeyViolation
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.database_errors import Refusals, already_exists_error, in_use_error, refusing_on
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.stations.availability import live_rows
from powerbank.stations.models import Slot, Station
from powerbank.stations.registry import credentials, queries, search_terms
from powerbank.stations.registry.credentials import NewCredentials


def register_station(*, now: datetime, **facts: Any) -> tuple[Station, NewCredentials]:
    """Register a station with empty slots, and make its credentials for the broker."""
    [(station, new_credentials)] = register_stations([facts], now=now)
    open_session().refresh(station)
    return station, new_credentials


def register_stations(many: Sequence[dict[str, Any]], *, now: datetime) -> list[tuple[Station, NewCredentials]]:
    """Register stations in a few statements, however many they are: a file of thousands is one request."""
    session = open_session()
    stations = [Station(id=new_id(), **_leave_out_slots(facts)) for facts in many]
    for station in stations:
        station.search_vector = search_terms.make_vector(station)
    session.add_all(stations)
    with refusing_on(_make_refusals()):
        session.flush()
    slots = [
        {"station_id": station.id, "number": number}
        for station, facts in zip(stations, many, strict=True)
        for number in range(1, facts["slots"] + 1)
    ]
    session.execute(insert(Slot), slots)
    live_rows.refresh_live_rows([station.id for station in stations])
    return list(zip(stations, credentials.issue_credentials_for(stations, now=now), strict=True))


def _make_refusals() -> Refusals:
    return {
        "uq_stations_sn": already_exists_error(),
        "uq_stations_imei": already_exists_error(),
        "fk_stations_partner_id_partners": InvalidFieldsError({"partner_id": ["There is no such partner."]}),
    }


def _leave_out_slots(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "slots"}


def change_station(sn: str, changes: Mapping[str, Any]) -> Station:
    """Change the given fields of a station."""
    session = open_session()
    station = queries.lock_station(sn)
    for name, value in _leave_out_slots(changes).items():
        setattr(station, name, value)
    station.search_vector = search_terms.make_vector(station)
    with refusing_on(_make_refusals()):
        session.flush()
    if "slots" in changes:
        _resize(station.id, changes["slots"])
    live_rows.refresh_live_rows([station.id])
    session.refresh(station)
    return station


def set_maintenance(*sns: str, enable: bool) -> list[Station]:
    """Switch maintenance alone: what a search finds stations by stays as it is, and is not indexed again."""
    ids = [station.id for station in queries.lock_stations(sns)]
    switch = update(Station).where(Station.id.in_(ids)).values(maintenance=enable)
    open_session().execute(switch.execution_options(synchronize_session=False))
    live_rows.refresh_live_rows(ids)
    return queries.lock_stations(sns)


def delete_station(sn: str) -> None:
    """Delete a station that was entered by mistake. The database refuses if the station has a history."""
    with refusing_on({ForeignKeyViolation: in_use_error()}):
        open_session().execute(delete(Station).where(Station.id == queries.lock_station(sn).id))


def rotate_credentials(sn: str, *, now: datetime) -> NewCredentials:
    """Give a station new credentials, which end the ones before."""
    return credentials.issue_credentials(queries.lock_station(sn), now=now)


def _make_slots(station_id: UUID, first: int, last: int) -> None:
    rows = [{"station_id": station_id, "number": number} for number in range(first, last + 1)]
    if rows:
        open_session().execute(insert(Slot).values(rows))


def _resize(station_id: UUID, count: int) -> None:
    session = open_session()
    current = session.scalar(select(func.count()).where(Slot.station_id == station_id)) or 0
    if count >= current:
        _make_slots(station_id, current + 1, count)
        return
    beyond = (Slot.station_id == station_id, Slot.number > count)
    if session.scalar(select(func.count()).where(*beyond, Slot.bank_serial.is_not(None))):
        raise ConflictError("slot_occupied", "A power bank sits in a slot that would go.")
    session.execute(delete(Slot).where(*beyond))
