"""Read the stations of a partner: how they are and what they earn. Nothing here is about those who rent."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.base.money import NPR
from powerbank.partners import queries
from powerbank.partners.models import Accrual, AccrualKind, Agreement, AgreementStation
from powerbank.stations.issues.models import StationIssue
from powerbank.stations.models import Station


def station_page(partner_id: UUID, *, today: date, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of the stations that a partner hosts or shares in today, by their numbers."""
    found = page(select(Station).where(_belongs_to(partner_id, today)), Station.sn, limit=limit, cursor=cursor)
    return found | {"items": _show(partner_id, found["items"], today)}


def find_station(partner_id: UUID, sn: str, *, today: date) -> dict[str, Any]:
    station = db.session.scalar(select(Station).where(Station.sn == sn, _belongs_to(partner_id, today)))
    if station is None:
        raise NotFoundError("station")
    query = select(StationIssue).filter_by(station_id=station.id, resolved_at=None).order_by(StationIssue.id.desc())
    issues = db.session.scalars(query.limit(50)).all()
    [shown] = _show(partner_id, [station], today)
    return shown | {"issues": [{"issue_type": each.issue_type, "opened_at": each.opened_at} for each in issues]}


def _belongs_to(partner_id: UUID, today: date) -> ColumnElement[bool]:
    agreed = (
        select(AgreementStation.station_id)
        .join(Agreement, Agreement.id == AgreementStation.agreement_id)
        .where(
            or_(Agreement.partner_id == partner_id, Agreement.franchise_id == partner_id),
            AgreementStation.starts_on <= today,
            AgreementStation.last_day >= today,
        )
    )
    return or_(Station.partner_id == partner_id, Station.id.in_(agreed))


def _show(partner_id: UUID, stations: list[Station], today: date) -> list[dict[str, Any]]:
    ids = [station.id for station in stations]
    mine = (Accrual.partner_id == partner_id, Accrual.station_id.in_(ids))
    begin, end = queries.begin_of_day(today), queries.begin_of_day(today + timedelta(days=1))
    first_of_month = queries.begin_of_day(today.replace(day=1))
    rentals = Accrual.rental_id.distinct()
    sums = select(
        Accrual.station_id,
        func.count(rentals).filter(Accrual.at >= begin, Accrual.kind == AccrualKind.RENTAL).label("rentals_today"),
        func.coalesce(func.sum(Accrual.share).filter(Accrual.at >= begin), 0).label("share_today"),
        func.coalesce(func.sum(Accrual.share), 0).label("share_month"),
    ).where(*mine, Accrual.at >= min(begin, first_of_month), Accrual.at < end)
    earned = {row.station_id: row for row in db.session.execute(sums.group_by(Accrual.station_id))}
    shown = []
    for station in stations:
        found = earned.get(station.id)
        shown.append(
            {
                "sn": station.sn,
                "name": station.name,
                "address": station.address,
                "city": station.city,
                "status": station.live.status,
                "available_banks": station.live.available_banks,
                "free_slots": station.live.free_slots,
                "last_seen": station.live.last_seen,
                "rentals_today": int(found.rentals_today) if found else 0,
                "share_today": int(found.share_today) if found else 0,
                "share_month": int(found.share_month) if found else 0,
                "currency": NPR,
            }
        )
    return shown
