"""Answer what staff ask of figures: totals beside those of the time before, a series, and what stands out."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from powerbank.analytics import queries
from powerbank.analytics.buckets import leaders
from powerbank.analytics.buckets.day_tables import ACTIVE_WITHIN
from powerbank.analytics.buckets.days import DAY
from powerbank.analytics.figures.counted import ACTIVE, BALANCES, FLEET
from powerbank.analytics.figures.funnel import PERSON
from powerbank.analytics.figures.paces import PAYBACK, RENTALS_PER_BANK, payback_months, rentals_per_bank
from powerbank.analytics.figures.registry import VIEWS, is_of_network, is_of_packages
from powerbank.analytics.figures.stations import CREW
from powerbank.analytics.models import ALL, MadeAnswer
from powerbank.analytics.outlook import losses
from powerbank.analytics.queries import Dimension, Scope
from powerbank.analytics.screens import counted_queries, funnels, ways
from powerbank.analytics.screens.spans import Asked, Span, read_span
from powerbank.analytics.screens.writing import Figures, Parts, write
from powerbank.base import money
from powerbank.base.clock import HOME, format_time
from powerbank.base.db import db, open_session
from powerbank.content import app_config

KEPT_FOR = timedelta(minutes=30)
WIDE = timedelta(days=45)  # figures of many stations over more than this are made by a job
MOST = 20


@dataclass(frozen=True)
class Question:
    view: str
    asked: Asked
    scope: Scope
    version: int
    made_at: datetime | None

    @property
    def is_wide(self) -> bool:
        """Tell whether it takes long: the rows of single stations over a long time are many."""
        of_some, scope = self.scope.is_of_some_stations, self.scope
        reads_each = self.view == "losses" or (of_some and scope.selection is None)
        compares_all = self.asked.days_up_to_now is None and (of_some or self.view == "stations")
        return self.asked.span.until - self.asked.span.since > WIDE and (reads_each or compares_all)

    @property
    def key(self) -> str:
        """Name the question and the figures it is about, so that an answer is known by it."""
        facts = (self.view, self.asked.span, self.asked.group, self.scope, self.version)
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def read_question(view: str, request: Mapping[str, Any], *, now: datetime) -> Question:
    """Read a question as `SpanArguments` gives it, or as it stands in an operation."""
    asked = read_span(
        range_=request.get("range_"),
        first=_as_day(request.get("from_")),
        last=_as_day(request.get("to")),
        group=request.get("group"),
        now=now,
    )
    scope = queries.find_scope(
        station_sn=request.get("station_sn"),
        city=request.get("city"),
        partner_id=_as_id(request.get("partner_id")),
        package_id=_as_id(request.get("package_id")),
    )
    mark = queries.find_mark()
    if mark is None:
        return Question(view, asked, scope, 0, None)
    return Question(view, asked, scope, mark.version, mark.made_at)


def describe_request(view: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write a question as JSON, for the job that answers it."""
    return {"view": view} | {name: str(value) for name, value in arguments.items() if value is not None}


def find_kept_answer(question: Question, *, now: datetime) -> dict[str, Any] | None:
    found = db.session.get(MadeAnswer, question.key)
    return found.answer if found is not None and found.made_at > now - KEPT_FOR else None


def make_and_keep(request: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Make an answer that takes long, and keep it for who asks the same."""
    question = read_question(request["view"], request, now=now)
    answer = make_answer(question)
    kept = {"key": question.key, "answer": answer, "made_at": now}
    statement = insert(MadeAnswer).values(kept)
    open_session().execute(statement.on_conflict_do_update(index_elements=["key"], set_=kept))
    return answer


def make_answer(question: Question) -> dict[str, Any]:
    """Make the answer to a question, as JSON."""
    asked = question.asked
    totals, previous, series, top = _PARTS.get(question.view, _answer_from_sums)(question)
    return {
        "range": {
            "name": asked.name,
            "from": format_time(asked.span.since),
            "to": format_time(asked.span.until),
            "group": asked.group.value,
            "timezone": HOME.key,
        },
        "as_of": format_time(question.made_at) if question.made_at is not None else None,
        "currency": money.NPR,
        "totals": totals,
        "previous": previous,
        "series": series,
        "top": top,
    }


def names_of(view: str, scope: Scope) -> list[str]:
    """List the figures of a view that are known of whom they are asked of."""
    narrow = scope.station_id is not None or scope.is_of_some_stations
    return [
        name
        for name in VIEWS[view]
        if not (narrow and is_of_network(name)) and not (scope.package_id is not None and not is_of_packages(name))
    ]


def _answer_from_sums(question: Question) -> Parts:
    asked, scope = question.asked, question.scope
    names = names_of(question.view, scope)
    now, before, course = queries.read_course(names, asked, scope)
    totals, previous = (write(queries.compute(names, sums)) for sums in (now, before))
    series = [{"at": format_time(at)} | write(queries.compute(names, sums)) for at, sums in course]
    return totals, previous, series, _read_top(question, names)


def _answer_of_revenue(question: Question) -> Parts:
    """Add the balances, and the gateways to what stands out, of the whole network."""
    totals, previous, series, top = _answer_from_sums(question)
    if question.scope.is_narrowed:
        return totals, previous, series, top
    counted, before, _, _ = _answer_from_counts(question, [each.name for each in BALANCES], [])
    gateways = ways.read_gateways(question.asked.span)
    top = [*top, *({"gateway": gateway} | write(figures) for gateway, figures in gateways)]
    return totals | counted, previous | before, series, top


def _answer_of_rentals(question: Question) -> Parts:
    """Add how often a power bank is rented, in the whole network."""
    totals, previous, series, top = _answer_from_sums(question)
    if question.scope.is_narrowed:
        return totals, previous, series, top
    asked = question.asked
    banks = counted_queries.read_counts(["banks"], asked.previous, asked.span)
    for figures, span in ((totals, asked.span), (previous, asked.previous)):
        counted = [row.banks for day, row in banks.items() if span.first_day <= day <= span.last_day]
        pace = rentals_per_bank(figures["rentals_started"], counted, span.days)
        figures.update(write({RENTALS_PER_BANK.name: pace}))
    return totals, previous, series, top


def _answer_of_stations(question: Question) -> Parts:
    """Add when each station is paid for."""
    totals, previous, series, top = _answer_from_sums(question)
    if question.scope.station_id is not None:
        totals = add_payback(totals, question.asked.span)
        previous = add_payback(previous, question.asked.previous)
    return totals, previous, series, [add_payback(each, question.asked.span) for each in top]


def add_payback(figures: Figures, span: Span) -> Figures:
    """Add to the figures of a station in how many months it is paid for."""
    cost, revenue = app_config.current().station_cost, money.parse_amount(figures["revenue"])
    return figures | write({PAYBACK.name: payback_months(cost, revenue, span.days)})


def _read_top(question: Question, names: Sequence[str]) -> list[Figures]:
    """Read the stations that earned most, or of rentals the packages that were rented most."""
    dimension = Dimension.PACKAGE if question.view == "rentals" else Dimension.STATION
    by = "rentals_started" if question.view == "rentals" else "revenue"
    check = is_of_packages if dimension == Dimension.PACKAGE else lambda name: not is_of_network(name)
    of_them = [name for name in names if check(name)]
    span, scope = question.asked.span, question.scope
    among = _list_leaders(question, by) if dimension == Dimension.STATION else ()
    rows = queries.read_top(of_them, span, scope, by=by, dimension=dimension, most=MOST, among=among)
    described = queries.describe(dimension, [row[0] for row in rows])
    return [
        {dimension.value: described[id_]} | write(queries.compute(of_them, sums))
        for id_, sums in rows
        if id_ in described
    ]


def _list_leaders(question: Question, by: str, most: int = leaders.FEW_PLACES) -> Sequence[UUID]:
    """List the stations among which are those that have most of a figure. None: all of them have to be compared."""
    days, scope = question.asked.days_up_to_now, question.scope
    selection = scope.selection if scope.is_of_some_stations else ""
    if days is None or scope.station_id is not None or selection is None:
        return ()
    return leaders.list_leaders(days, by, selection=selection, package_id=scope.package_id or ALL, most=most)


def _answer_of_fleet(question: Question) -> Parts:
    """Add what the crew did to what was counted of the power banks."""
    totals, previous, series, _ = _answer_from_counts(question, [each.name for each in FLEET], [])
    names = [each.name for each in CREW if each.name != "task_seconds"]
    now, before, course = queries.read_course(names, question.asked, Scope())
    did = {format_time(at): write(queries.compute(names, sums)) for at, sums in course}
    series = [piece | did.get(piece["at"], {}) for piece in series]
    return (
        totals | write(queries.compute(names, now)),
        previous | write(queries.compute(names, before)),
        series,
        [],
    )


def _answer_of_users(question: Question) -> Parts:
    """Add the people who were active to the sums of what they did."""
    totals, previous, series, _ = _answer_from_sums(question)
    if question.scope.is_narrowed:
        return totals, previous, series, []
    counted, before, pieces, _ = _answer_from_counts(question, [each.name for each in ACTIVE], [])
    for figures, span in ((counted, question.asked.span), (before, question.asked.previous)):
        figures.update(write({PERSON.name: _revenue_per_person(span, figures["active_30_days"])}))
    by_time = {piece["at"]: piece for piece in pieces}
    series = [piece | by_time.get(piece["at"], {}) for piece in series]
    return totals | counted, previous | before, series, funnels.read_origins(question.asked.span)


def _revenue_per_person(span: Span, active: int | None) -> float | None:
    month = Span(span.until - ACTIVE_WITHIN * DAY, span.until)
    revenue = queries.compute(["revenue"], queries.read_totals(["revenue"], month, Scope()))["revenue"]
    return revenue / active if revenue is not None and active else None


def _answer_from_counts(question: Question, names: Sequence[str], top: list[Figures]) -> Parts:
    """Answer with the newest count of the time, and of the time before."""
    asked = question.asked
    counts = counted_queries.read_counts(names, asked.previous, asked.span)
    totals, previous = (write(counted_queries.newest(names, counts, span)) for span in (asked.span, asked.previous))
    series = [{"at": format_time(at)} | write(values) for at, values in counted_queries.pieces(names, counts, asked)]
    return totals, previous, series, top


def _answer_of_losses(question: Question) -> Parts:
    asked, scope = question.asked, question.scope
    totals, previous = (write(losses.read_totals(span, scope)) for span in (asked.span, asked.previous))
    series = [{"at": format_time(at)} | write(lost) for at, lost in losses.read_series(asked, scope)]
    top = [{"station": station} | write(lost) for station, lost in losses.read_top(asked.span, scope)]
    return totals, previous, series, top


def read_league(question: Question, names: Sequence[str], *, by: str, most: int = 100) -> list[tuple[Figures, Figures]]:
    """Read the stations of which a figure is largest, with a few figures of each."""
    span, scope = question.asked.span, question.scope
    among = _list_leaders(question, by, leaders.PLACES)
    rows = queries.read_top(names, span, scope, by=by, dimension=Dimension.STATION, most=most, among=among)
    described = queries.describe(Dimension.STATION, [row[0] for row in rows])
    return [(described[id_], write(queries.compute(names, sums))) for id_, sums in rows if id_ in described]


def read_week(question: Question, name: str) -> dict[tuple[int, int], Any]:
    """Read a figure by weekday and hour, as the API writes it."""
    found = queries.read_week(name, question.asked.span, question.scope)
    return {key: write(queries.compute([name], sums))[name] for key, sums in found.items()}


VIEW_NAMES = (*VIEWS, "fleet", "funnel", "cohorts", "losses")

_PARTS: dict[str, Callable[[Question], Parts]] = {
    "revenue": _answer_of_revenue,
    "rentals": _answer_of_rentals,
    "stations": _answer_of_stations,
    "fleet": _answer_of_fleet,
    "users": _answer_of_users,
    "losses": _answer_of_losses,
    "funnel": lambda question: funnels.answer_funnel(question.asked),
    "cohorts": lambda question: funnels.answer_cohorts(question.asked),
}


def _as_day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _as_id(value: Any) -> UUID | None:
    return UUID(value) if isinstance(value, str) else value
