"""Read figures: only ever sums of rows that the fold has made, whatever there is of what happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, func, literal, or_, select, union_all

from powerbank.analytics.figures.figure import Derived
from powerbank.analytics.figures.registry import ALL_FIGURES
from powerbank.analytics.models import (
    ALL,
    NONE,
    FigureDay,
    FigureHour,
    FoldMark,
    SelectedStation,
    SelectionDay,
    SelectionHour,
)
from powerbank.analytics.screens.spans import Asked, Group, Span
from powerbank.base.clock import HOME
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.partners.models import Agreement, AgreementStation, Partner
from powerbank.stations.models import Station
from powerbank.stations.packages.models import Package
from powerbank.stations.registry import queries as stations

Sums = Mapping[str, int]


class Dimension(StrEnum):
    STATION = "station"
    PACKAGE = "package"


@dataclass(frozen=True)
class Scope:
    """Whose figures are asked for. Nothing given: of the whole network."""

    station_id: UUID | None = None
    package_id: UUID | None = None
    city: str | None = None
    partner_id: UUID | None = None
    has_sums: bool = False  # whether towns and partners are summed up already

    @property
    def selection(self) -> str | None:
        """Name the selection whose rows are the sums of these stations. None: there is none, or none yet."""
        if self.station_id is not None or not self.has_sums or (self.city is None) == (self.partner_id is None):
            return None
        return f"partner:{self.partner_id}" if self.city is None else f"city:{self.city}"

    @property
    def is_of_some_stations(self) -> bool:
        return self.city is not None or self.partner_id is not None

    @property
    def is_narrowed(self) -> bool:
        return self != Scope(has_sums=self.has_sums)


def find_scope(
    *,
    station_sn: str | None = None,
    package_id: UUID | None = None,
    city: str | None = None,
    partner_id: UUID | None = None,
) -> Scope:
    """Find what a filter names. A station, package or partner that is not there is refused."""
    station_id = stations.find_station(station_sn).id if station_sn is not None else None
    if package_id is not None and db.session.get(Package, package_id) is None:
        raise NotFoundError("package")
    if partner_id is not None and db.session.get(Partner, partner_id) is None:
        raise NotFoundError("partner")
    if city is None and partner_id is None:
        return Scope(station_id, package_id)
    mark = find_mark()
    return Scope(station_id, package_id, city, partner_id, has_sums=mark is not None and mark.has_selections)


def find_mark() -> FoldMark | None:
    return db.session.scalar(select(FoldMark))


def kept_names(names: Iterable[str]) -> list[str]:
    """List the kept figures that these figures are made from."""
    found: dict[str, None] = {}
    for name in names:
        figure = ALL_FIGURES[name]
        found |= dict.fromkeys(figure.made_of if isinstance(figure, Derived) else (name,))
    return list(found)


def compute(names: Iterable[str], sums: Sums) -> dict[str, float | None]:
    """Compute figures from the sums of the kept ones."""
    computed = {}
    for name in names:
        figure = ALL_FIGURES[name]
        computed[name] = figure.value(sums) if isinstance(figure, Derived) else sums[name]
    return computed


Table = type[FigureDay] | type[FigureHour] | type[SelectionDay] | type[SelectionHour]
Parts = list[tuple[Table, ColumnElement[bool]]]


def read_totals(names: Sequence[str], span: Span, scope: Scope) -> Sums:
    """Sum up figures over a part of time: whole days from the rows of days, and its ends from those of hours."""
    kept = kept_names(names)
    parts = [
        select(*(func.sum(getattr(table, name)).label(name) for name in kept)).where(times, *_is_in(table, scope))
        for table, times in _parts_of(span, scope)
    ]
    rows = db.session.execute(union_all(*parts)).all()
    return {name: sum(int(row[number] or 0) for row in rows) for number, name in enumerate(kept)}


def read_course(names: Sequence[str], asked: Asked, scope: Scope) -> tuple[Sums, Sums, list[tuple[datetime, Sums]]]:
    """Read the totals of a time, those of the time before, and its pieces."""
    series = read_series(names, asked.span, asked.group, scope)
    if asked.pieces_are_all_of_it:
        totals: Sums = {name: sum(sums[name] for _, sums in series) for name in kept_names(names)}
    else:
        totals = read_totals(names, asked.span, scope)
    return totals, read_totals(names, asked.previous, scope), series


def read_series(names: Sequence[str], span: Span, group: Group, scope: Scope) -> list[tuple[datetime, Sums]]:
    """Read figures piece by piece, each with its beginning. A piece in which nothing happened is all zeros."""
    kept = kept_names(names)
    hours, days = _tables_of(scope)
    table: Table
    piece: ColumnElement[Any]
    if group == Group.HOUR:
        table, piece = hours, hours.at.expression
        times = (hours.at >= span.since) & (hours.at < span.until)
    else:
        table = days
        piece = func.date_trunc(group.value, days.day).cast(Date)
        times = (days.day >= span.first_day) & (days.day <= span.last_day)
    sums = [func.sum(getattr(table, name)) for name in kept]
    query = select(piece, *sums).where(times, *_is_in(table, scope)).group_by(piece)
    found = {row[0]: dict(zip(kept, map(int, row[1:]), strict=True)) for row in db.session.execute(query)}
    nothing = dict.fromkeys(kept, 0)
    return [(begins, found.get(key, nothing)) for key, begins in span.pieces(group)]


def read_top(
    names: Sequence[str],
    span: Span,
    scope: Scope,
    *,
    by: str,
    dimension: Dimension,
    most: int,
    among: Sequence[UUID] = (),
) -> list[tuple[UUID, Sums]]:
    """Read the stations or packages of which a figure is largest. `among`: of these stations only."""
    kept = list(dict.fromkeys([*kept_names(names), *kept_names([by])]))
    key_of_each = "station_id" if dimension == Dimension.STATION else "package_id"
    parts = [
        select(getattr(table, key_of_each).label("key"), *(getattr(table, name) for name in kept)).where(
            times, *_is_in(table, scope, each=dimension, among=among)
        )
        for table, times in _parts_of(span, scope, each=dimension)
    ]
    rows = union_all(*parts).subquery()
    key = rows.c.key
    sums = [func.sum(rows.c[name]) for name in kept]
    order = _value_of(by, {name: func.sum(rows.c[name]) for name in kept_names([by])})
    query = select(key, *sums).where(key != NONE).group_by(key).order_by(order.desc().nulls_last(), key).limit(most)
    return [(row[0], dict(zip(kept, map(int, row[1:]), strict=True))) for row in db.session.execute(query)]


def _value_of(by: str, sums: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    """Write what stations or packages are ordered by: a figure's sum, or the ratio of two sums."""
    figure = ALL_FIGURES[by]
    if not isinstance(figure, Derived):
        return sums[by]
    above = sum((sums[name] for name in figure.of), start=literal(0))
    above -= sum((sums[name] for name in figure.less), start=literal(0))
    return above / func.nullif(sum((sums[name] for name in figure.per), start=literal(0)), 0) if figure.per else above


def read_week(name: str, span: Span, scope: Scope) -> dict[tuple[int, int], Sums]:
    """Sum up a figure by weekday, Monday being 1, and hour of the day."""
    kept = kept_names([name])
    hours, _ = _tables_of(scope)
    local = func.timezone(HOME.key, hours.at)
    weekday, hour = func.extract("isodow", local), func.extract("hour", local)
    sums = [func.sum(getattr(hours, each)) for each in kept]
    times = (hours.at >= span.since, hours.at < span.until)
    query = select(weekday, hour, *sums).where(*times, *_is_in(hours, scope)).group_by(weekday, hour)
    return {
        (int(row[0]), int(row[1])): dict(zip(kept, map(int, row[2:]), strict=True)) for row in db.session.execute(query)
    }


def _tables_of(
    scope: Scope, each: Dimension | None = None
) -> tuple[type[FigureHour], type[FigureDay]] | tuple[type[SelectionHour], type[SelectionDay]]:
    """Choose the tables to read: those of towns and partners, unless `each` station is asked for."""
    if scope.selection is None or each == Dimension.STATION:
        return FigureHour, FigureDay
    return SelectionHour, SelectionDay


def _parts_of(span: Span, scope: Scope, each: Dimension | None = None) -> Parts:
    hours, days = _tables_of(scope, each)
    first, after = span.whole_days
    parts: Parts = []
    if first < after:
        parts.append((days, (days.day >= first) & (days.day < after)))
    parts += [(hours, (hours.at >= since) & (hours.at < until)) for since, until in span.edges]
    return parts


def _is_in(
    table: Table, scope: Scope, each: Dimension | None = None, among: Sequence[UUID] = ()
) -> list[ColumnElement[bool]]:
    """Say which rows are meant. One row has all stations or all packages, unless `each` of them is asked for."""
    conditions: list[ColumnElement[bool]] = []
    if issubclass(table, SelectionDay | SelectionHour):
        conditions.append(table.selection == func.lower(scope.selection))
    else:
        conditions += _is_at(table, scope, each, among)
    if scope.package_id is not None:
        conditions.append(table.package_id == scope.package_id)
    elif each == Dimension.PACKAGE:
        conditions.append(table.package_id != ALL)
    else:
        conditions.append(table.package_id == ALL)
    return conditions


def _is_at(
    table: type[FigureDay] | type[FigureHour], scope: Scope, each: Dimension | None, among: Sequence[UUID]
) -> list[ColumnElement[bool]]:
    if scope.station_id is not None:
        return [table.station_id == scope.station_id]
    conditions: list[ColumnElement[bool]] = [table.station_id.in_(among)] if among else []
    if scope.is_of_some_stations:
        day = table.day.expression if issubclass(table, FigureDay) else func.timezone(HOME.key, table.at).cast(Date)
        if scope.selection is None:
            conditions.append(table.station_id.in_(stations_of(scope, day)))
        else:  # joined, so that what is read are the rows of these stations; on a day each of them is there once
            conditions.append(SelectedStation.selection == func.lower(scope.selection))
            conditions.append(SelectedStation.station_id == table.station_id)
            conditions.append(day.between(SelectedStation.starts_on, SelectedStation.last_day))
    elif not among:
        conditions.append(table.station_id != ALL if each == Dimension.STATION else table.station_id == ALL)
    return conditions


def stations_of(scope: Scope, day: ColumnElement[Any]) -> Select[Any]:
    """Select the stations of a town or a partner; of a partner on the days of its agreements only."""
    query = select(Station.id)
    if scope.city is not None:
        query = query.where(func.lower(Station.city) == scope.city.lower())
    if scope.partner_id is not None:
        query = (
            query.join(AgreementStation, AgreementStation.station_id == Station.id)
            .join(Agreement, Agreement.id == AgreementStation.agreement_id)
            .where(or_(Agreement.partner_id == scope.partner_id, Agreement.franchise_id == scope.partner_id))
            .where(AgreementStation.starts_on <= day, AgreementStation.last_day >= day)
        )
    return query


def describe(dimension: Dimension, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Name stations or packages, as a list of what stands out does."""
    if dimension == Dimension.PACKAGE:
        packages = db.session.scalars(select(Package).where(Package.id.in_(ids)))
        return {each.id: {"id": str(each.id), "name": each.name} for each in packages}
    rows = db.session.execute(select(Station.id, Station.sn, Station.name, Station.city).where(Station.id.in_(ids)))
    return {row.id: {"sn": row.sn, "name": row.name, "city": row.city} for row in rows}
