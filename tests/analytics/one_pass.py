"""One pass over the tables of what happened, in plain Python: what the hours and the days have to say.

It shares nothing with the fold but the names of the figures, and is as simple as it can be.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from powerbank.analytics.figures.registry import KEPT
from powerbank.analytics.models import ALL, NONE
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db

Key = tuple[Any, Any, UUID]  # the time, the station or the selection, and the package
Happened = tuple[datetime, UUID | None, UUID | None, Mapping[str, int]]
Buckets = dict[Key, dict[str, int]]

REVENUES = {"rental_revenue": "fares", "overdue_revenue": "overdue", "sales_revenue": "sales"}
COSTS = {
    "partner_expense": "partner_shares",
    "crew_expense": "crew_pay",
    "promotion_expense": "promotion_cost",
}
REFUSALS = {
    "no_powerbank_available": "refused_empty",
    "station_offline": "refused_offline",
    "station_maintenance": "refused_offline",
    "insufficient_funds": "refused_funds",
}
ENDED = {"completed", "cancelled", "failed", "lost"}


def read_kept() -> tuple[Buckets, Buckets]:
    """Read the hours and the days that are kept, without what is zero."""
    names = [figure.name for figure in KEPT]
    hours = _kept(f"SELECT at, station_id, package_id, {', '.join(names)} FROM figure_hours", names)
    days = _kept(f"SELECT day, station_id, package_id, {', '.join(names)} FROM figure_days", names)
    db.session.rollback()
    return {(at.astimezone(HOME), *who): figures for (at, *who), figures in hours.items()}, days


def read_kept_selections() -> tuple[Buckets, Buckets]:
    """Read the hours and the days of towns and partners that are kept, without what is zero."""
    names = [figure.name for figure in KEPT]
    hours = _kept(f"SELECT at, selection, package_id, {', '.join(names)} FROM figure_selection_hours", names)
    days = _kept(f"SELECT day, selection, package_id, {', '.join(names)} FROM figure_selection_days", names)
    db.session.rollback()
    return {(at.astimezone(HOME), *who): figures for (at, *who), figures in hours.items()}, days


def select(hours: Buckets) -> tuple[Buckets, Buckets]:
    """Count the hours and the days of each town and partner from the hours of all stations."""
    towns = {row.id: f"city:{row.city.lower()}" for row in _rows("SELECT id, city FROM stations")}
    agreed = _rows("""SELECT station_id, agreement.* FROM partner_agreement_stations AS agreed
                        JOIN partner_agreements AS agreement ON agreement.id = agreed.agreement_id""")
    of_hours: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    of_days: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for (hour, station, package), figures in hours.items():
        selections = [towns[station]] if station in towns else []
        for each in agreed:
            if each.station_id == station and each.starts_on <= local_day(hour) <= each.last_day:
                selections += [f"partner:{id_}" for id_ in (each.partner_id, each.franchise_id) if id_ is not None]
        for selection in selections:
            of_hours[hour, selection, package].update(figures)
            of_days[local_day(hour), selection, package].update(figures)
    db.session.rollback()
    return _without_zeros(of_hours), _without_zeros(of_days)


def recount() -> tuple[Buckets, Buckets]:
    """Count the hours and the days from everything that happened."""
    hours: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for at, station, package, figures in _happened():
        hour = at.astimezone(HOME).replace(minute=0, second=0, microsecond=0)
        who = {(ALL, ALL), (station or ALL, ALL)}
        who |= {(ALL, package), (station or ALL, package)} if package is not None else set()
        for place, offer in who:
            hours[hour, place, offer].update(figures)
    days: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for (hour, station, package), figures in hours.items():
        days[local_day(hour), station, package].update(figures)
    db.session.rollback()
    return _without_zeros(hours), _without_zeros(days)


def _happened() -> Iterator[Happened]:
    """Give everything that happened: when, at which station, of which package, and what it counts for."""
    yield from _of_rentals()
    yield from _of_books()
    yield from _of_refusals()
    yield from _of_states()
    yield from _of_people_and_work()


def _of_rentals() -> Iterator[Happened]:
    for event in _rows("""SELECT event.*, rental.station_id, rental.package_id, rental.return_station_id,
                                 rental.was_overdue, rental.created_at, rental.started_at, rental.ended_at
                            FROM rental_events AS event JOIN rentals AS rental ON rental.id = event.rental_id"""):
        yield event.at, event.station_id, event.package_id, _of_event(event)
        returned = (event.to_status == "completed") - (event.from_status == "completed")
        if returned:
            back = event.return_station_id or event.station_id
            elsewhere = returned if event.return_station_id not in (None, event.station_id) else 0
            yield event.at, back, event.package_id, {"returns": returned, "returns_from_elsewhere": elsewhere}


def _of_books() -> Iterator[Happened]:
    for each in _rows("""SELECT entry.created_at, entry.kind AS entry_kind, account.kind, posting.amount,
                                entry.reference_kind, rental.station_id, rental.package_id
                           FROM ledger_entries AS entry JOIN ledger_postings AS posting ON posting.entry_id = entry.id
                           JOIN ledger_accounts AS account ON account.id = posting.account_id
                           LEFT JOIN wallet_transactions AS paid ON CAST(paid.id AS text) = entry.reference_id
                           LEFT JOIN rentals AS rental ON CAST(rental.id AS text) = CASE entry.reference_kind
                                     WHEN 'rental' THEN entry.reference_id ELSE paid.reference_id END
                          WHERE posting.currency = 'NPR'"""):
        if each.kind in REVENUES:
            figures = {f"revenue_{REVENUES[each.kind]}": each.amount, "given_back": max(0, -each.amount)}
            yield each.created_at, each.station_id or NONE, each.package_id or NONE, figures
        else:
            yield each.created_at, None, None, _of_posting(each)


def _of_refusals() -> Iterator[Happened]:
    for each in _rows("""SELECT refused.*, station.id AS station_id FROM refused_starts AS refused
                           LEFT JOIN stations AS station ON station.sn = refused.station_sn"""):
        figures = {"refused_starts": 1, "refused_value": each.value}
        yield (
            each.at,
            each.station_id or NONE,
            None,
            figures | ({REFUSALS[each.reason]: 1} if each.reason in REFUSALS else {}),
        )


def _of_states() -> Iterator[Happened]:
    for at, station, state, seconds in _hours_of_states("station_status_changes", ("status",)):
        if state != "online":
            yield at, station, None, {f"{state}_seconds": seconds}
    for at, station, state, seconds in _hours_of_states("station_stock_changes", ("is_empty", "is_full")):
        yield at, station, None, {"empty_seconds": seconds * state[0], "full_seconds": seconds * state[1]}


def _of_people_and_work() -> Iterator[Happened]:
    for each in _rows("SELECT * FROM station_page_opens"):
        yield each.hour, each.station_id, None, {"page_opens": each.opens}
    for each in _rows("SELECT created_at FROM users"):
        yield each.created_at, None, None, {"sign_ups": 1}
    for each in _rows("SELECT decided_at FROM kyc_submissions WHERE decision = 'approved'"):
        yield each.decided_at, None, None, {"verified": 1}
    for each in _rows("SELECT station_id, opened_at FROM station_issues"):
        yield each.opened_at, each.station_id, None, {"issues": 1}
    for each in _rows("SELECT * FROM crew_tasks WHERE status = 'done'"):
        lasted = int((each.closed_at - each.created_at).total_seconds())
        figures = {"tasks_done": 1, "task_seconds": lasted, "banks_moved": each.brought + each.taken}
        yield each.closed_at, each.station_id, None, figures


def _of_event(event: Row[Any]) -> dict[str, int]:
    before, after = event.from_status, event.to_status
    figures: Counter[str] = Counter()
    figures["rentals_initiated"] = int(event.event == "initiated")
    figures["rentals_started"] = int(after == "active" and before is not None and before != "overdue")
    figures["rentals_overdue"] = int(after == "overdue")
    for status in ENDED:
        figures[f"rentals_{status}"] = (after == status) - (before == status)
    completed = figures["rentals_completed"]
    if completed:
        figures["rentals_on_time"] = 0 if event.was_overdue else completed
        figures["rented_minutes"] = completed * (int((event.ended_at - event.started_at).total_seconds()) // 60)
    if event.event in ("ejected", "came_late"):
        figures["ejections"] = 1
        microseconds = max(0, (event.at - event.created_at) // timedelta(microseconds=1))
        figures["ejection_milliseconds"] = (microseconds + 500) // 1000
    figures["ejections_failed"] = int(event.event in ("eject_refused", "eject_unanswered"))
    return figures


def _of_posting(each: Row[Any]) -> dict[str, int]:
    if each.kind in COSTS:
        return {COSTS[each.kind]: -each.amount}
    if each.kind == "withheld_tax":
        return {"tax_withheld": each.amount}
    if each.kind == "write_offs" and each.entry_kind == "due_waived":
        return {"waived": -each.amount}
    if each.kind == "gateway_clearing" and each.entry_kind == "topup":
        return {"topped_up": -each.amount}
    return {}


def _hours_of_states(table: str, columns: tuple[str, ...]) -> Iterator[tuple[datetime, UUID, Any, int]]:
    """Cut the time that each state of a station lasted into hours."""
    changes: defaultdict[UUID, list[tuple[datetime, Any]]] = defaultdict(list)
    for each in _rows(f"SELECT * FROM {table} ORDER BY station_id, at"):
        state = tuple(int(getattr(each, name)) for name in columns) if len(columns) > 1 else getattr(each, columns[0])
        changes[each.station_id].append((each.at, state))
    for station, states in changes.items():
        for (began, state), (ended, _) in pairwise(states):
            at = began
            while at < ended:
                hour = at.astimezone(HOME).replace(minute=0, second=0, microsecond=0)
                until = min(ended, hour + timedelta(hours=1))
                yield at, station, state, round((until - at).total_seconds())
                at = until


def _rows(query: str) -> list[Row[Any]]:
    return list(db.session.execute(text(query)).all())


def _kept(query: str, names: list[str]) -> dict[tuple[Any, ...], dict[str, int]]:
    found = {tuple(row[:3]): dict(zip(names, row[3:], strict=True)) for row in _rows(query)}
    return _without_zeros(found)


def _without_zeros(buckets: Mapping[Any, Mapping[str, int]]) -> dict[Any, dict[str, int]]:
    kept = {key: {name: int(value) for name, value in figures.items() if value} for key, figures in buckets.items()}
    return {key: figures for key, figures in kept.items() if figures}
