"""The ways that power banks took between stations, and what people paid in through each gateway."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from powerbank.analytics.figures.figure import Area, Described, Unit
from powerbank.analytics.models import GatewayDay, ReturnDay
from powerbank.analytics.queries import Dimension, Scope, describe, stations_of
from powerbank.analytics.screens.spans import Span
from powerbank.base.db import db

MOST = 100
BUSIEST = 12  # stations of the matrix

GATEWAYS = (
    Described(
        "topups_succeeded",
        ("Top-ups", "सफल टप-अप"),
        ("Payments into wallets that came, by the day on which they were begun.", "सुरु भएको दिनअनुसार सफल भुक्तानी।"),
        "figure_gateway_days: succeeded",
        area=Area.MONEY,
    ),
    Described(
        "topups_failed",
        ("Top-ups that failed", "असफल टप-अप"),
        ("Of them, those that failed, expired or were cancelled.", "असफल, म्याद सकिएका वा रद्द भएका भुक्तानी।"),
        "figure_gateway_days: failed",
        area=Area.MONEY,
    ),
    Described(
        "topups_amount",
        ("Paid in by gateway", "गेटवेबाट आएको रकम"),
        ("What came through one gateway, by the day on which it was begun.", "एउटा गेटवेबाट आएको रकम, सुरु भएको दिनअनुसार।"),
        "figure_gateway_days: amount",
        Unit.MONEY,
        Area.MONEY,
    ),
)


def read_gateways(span: Span) -> list[tuple[str, dict[str, int]]]:
    """Read what each gateway brought and failed to bring."""
    sums = (func.sum(GatewayDay.succeeded), func.sum(GatewayDay.failed), func.sum(GatewayDay.amount))
    query = (
        select(GatewayDay.gateway, *sums)
        .where(GatewayDay.day >= span.first_day, GatewayDay.day <= span.last_day)
        .group_by(GatewayDay.gateway)
        .order_by(sums[2].desc(), GatewayDay.gateway)
    )
    names = [each.name for each in GATEWAYS]
    return [(row[0], dict(zip(names, map(int, row[1:]), strict=True))) for row in db.session.execute(query)]


def list_ways(span: Span, scope: Scope) -> list[dict[str, Any]]:
    """List the ways from station to station that were taken most, those back to the same station too."""
    total = func.sum(ReturnDay.returns)
    query = select(ReturnDay.station_id, ReturnDay.return_station_id, total).where(
        ReturnDay.day >= span.first_day, ReturnDay.day <= span.last_day
    )
    if scope.station_id is not None:
        query = query.where(
            or_(ReturnDay.station_id == scope.station_id, ReturnDay.return_station_id == scope.station_id)
        )
    elif scope.is_of_some_stations:
        query = query.where(ReturnDay.station_id.in_(stations_of(scope, ReturnDay.day.expression)))
    ends = (ReturnDay.station_id, ReturnDay.return_station_id)
    rows = db.session.execute(query.group_by(*ends).order_by(total.desc(), *ends).limit(MOST)).all()
    named = describe(Dimension.STATION, [id_ for row in rows for id_ in row[:2]])
    return [
        {"taken_at": named[taken], "returned_at": named[returned], "returns": int(count)}
        for taken, returned, count in rows
        if taken in named and returned in named
    ]


@dataclass(frozen=True)
class Matrix:
    """How many power banks went from each of the busiest stations to each of them."""

    stations: Sequence[Mapping[str, Any]]
    returns: Mapping[tuple[str, str], int]  # by the numbers of the stations


def make_matrix(ways: Sequence[Mapping[str, Any]], *, most: int = BUSIEST) -> Matrix:
    """Put ways into a matrix of the stations that have most of them."""
    counts: Counter[str] = Counter()
    named: dict[str, Mapping[str, Any]] = {}
    for way in ways:
        for end in (way["taken_at"], way["returned_at"]):
            named[end["sn"]] = end
            counts[end["sn"]] += way["returns"]
    busiest = [sn for sn, _ in counts.most_common(most)]
    of_them = {(way["taken_at"]["sn"], way["returned_at"]["sn"]): way["returns"] for way in ways}
    return Matrix([named[sn] for sn in busiest], of_them)
