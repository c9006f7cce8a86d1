from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.dialects.postgresql import TSQUERY

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.stations.commands.models import StationReport, StationState
from powerbank.stations.custody.models import Custody, PowerBank
from powerbank.stations.issues import photos
from powerbank.stations.issues.models import IssueReport, StationIssue
from powerbank.stations.models import Favourite, Slot, Station, StationLive, StationStatus
from powerbank.stations.packages.models import Package, PackageStation
from powerbank.stations.registry import search_terms


def station(sn: str) -> Station:
    found: Station | None = db.session.scalar(select(Station).where(Station.sn == sn))
    if found is None:
        raise NotFoundError("station")
    return found


def public_station(sn: str) -> Station:
    """One that is shown to people."""
    found = station(sn)
    if not found.active:
        raise NotFoundError("station")
    return found


def locked(sn: str) -> Station:
    found = open_session().scalar(
        select(Station).where(Station.sn == sn).with_for_update(of=Station).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFoundError("station")
    return found


def station_page(
    *, q: str | None, city: str | None, status: str | None, limit: int, cursor: str | None, staff: bool = False
) -> dict[str, Any]:
    query = select(Station)
    if not staff:
        query = query.where(Station.active)
    if q is not None:
        asked = search_terms.question(q)
        if asked is None:
            return {"items": [], "next_cursor": None}
        query = query.where(Station.words.op("@@")(cast(cast(asked, String), TSQUERY)))
    if city is not None:
        query = query.where(func.lower(Station.city) == city.lower())
    if status is not None:
        query = _with_status(query, status)
    return page(query, Station.sn, limit=limit, cursor=cursor)


def _with_status(query: Select[Any], status: str) -> Select[Any]:
    query = query.join(StationLive, StationLive.station_id == Station.id)
    if status == StationStatus.MAINTENANCE:
        return query.where(StationLive.maintenance)
    return query.where(~StationLive.maintenance, StationLive.online == (status == StationStatus.ONLINE))


def favourites_page(user_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    query = select(Station).join(Favourite, Favourite.station_id == Station.id)
    return page(query.where(Favourite.user_id == user_id, Station.active), Station.sn, limit=limit, cursor=cursor)


def favourites_among(user_id: UUID | None, stations: Sequence[Station]) -> set[UUID]:
    if user_id is None or not stations:
        return set()
    ids = [each.id for each in stations]
    query = select(Favourite.station_id).where(Favourite.user_id == user_id, Favourite.station_id.in_(ids))
    return set(db.session.scalars(query))


def slots(station_id: UUID) -> Sequence[Slot]:
    return db.session.scalars(select(Slot).where(Slot.station_id == station_id).order_by(Slot.number)).all()


def _offered_at(station_id: UUID) -> Any:
    rules = select(PackageStation.station_id).where(PackageStation.package_id == Package.id)
    return Package.active & (~rules.exists() | rules.where(PackageStation.station_id == station_id).exists())


def packages_at(station_id: UUID | None) -> Sequence[Package]:
    """What is offered at the station; without one, whatever is offered anywhere."""
    query = select(Package).order_by(Package.duration_minutes, Package.price, Package.id)
    return db.session.scalars(query.where(Package.active if station_id is None else _offered_at(station_id))).all()


def offered(package_id: UUID, station_id: UUID) -> Package | None:
    """The package, if it is offered at the station."""
    found: Package | None = db.session.scalar(select(Package).where(Package.id == package_id, _offered_at(station_id)))
    return found


def reports_page(sn: str, *, outcome: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    query = select(StationReport).where(StationReport.station_id == station(sn).id)
    if outcome is not None:
        query = query.where(StationReport.outcome == outcome)
    found = page(query, StationReport.id, limit=limit, cursor=cursor, descending=True)
    return found | {"items": [_report(each) for each in found["items"]]}


def _report(row: StationReport) -> dict[str, Any]:
    names = ("id", "received_at", "kind", "outcome", "reason", "topic")
    try:
        payload, encoding = row.payload.decode(), "utf-8"
    except UnicodeDecodeError:
        payload, encoding = row.payload.hex(), "hex"
    return {name: getattr(row, name) for name in names} | {"payload": payload, "encoding": encoding}


def not_understood(station_id: UUID) -> dict[str, int]:
    """How many of its messages made no sense, and how many were odd, since it was registered."""
    state = db.session.get(StationState, station_id)
    return {"undecodable_messages": state.undecodable if state else 0, "odd_messages": state.odd if state else 0}


def issue_reports_page(issue_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    if db.session.get(StationIssue, issue_id) is None:
        raise NotFoundError("issue")
    query = select(IssueReport).where(IssueReport.issue_id == issue_id)
    found = page(query, IssueReport.id, limit=limit, cursor=cursor, descending=True)
    seen = photos.addresses([each.id for each in found["items"]])
    names = ("id", "user_id", "description", "created_at")
    items = [{name: getattr(each, name) for name in names} | {"photos": seen[each.id]} for each in found["items"]]
    return found | {"items": items}


def bank(serial: str) -> PowerBank:
    found: PowerBank | None = db.session.scalar(select(PowerBank).where(PowerBank.serial == serial))
    if found is None:
        raise NotFoundError("power bank")
    return found


def custody(bank_id: UUID, *, most: int = 200) -> Sequence[Any]:
    """Newest first."""
    query = (
        select(Custody, Station.sn)
        .outerjoin(Station, Station.id == Custody.station_id)
        .where(Custody.bank_id == bank_id)
        .order_by(Custody.id.desc())
    )
    return db.session.execute(query.limit(most)).all()
