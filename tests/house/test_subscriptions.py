"""Who follows which event: each subscription fits its event, and each event has somebody who follows it."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import get_args, get_type_hints
from uuid import UUID

import pytest

from powerbank.ledger.events import AdjustmentWaits
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.staff import notice_types as staff_kinds
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.texts import built_in
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.events import Event, Follower
from powerbank.outbox.policy import JobSpec
from powerbank.subscriptions import DETAILS, SUBSCRIPTIONS

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("powerbank", "jobs", "scripts") for path in (ROOT / folder).rglob("*.py")]

# These tell a person something without an event: codes, what follows from the calendar, and what messages themselves
# cause.
TELL_DIRECTLY = {
    "powerbank/auth/people/services.py",  # goes to the address before, too
    "powerbank/payments/dues/services.py",  # each day, to all who owe
    "powerbank/notifications/people/dispatch.py",
    "powerbank/notifications/people/reminders.py",
    "powerbank/notifications/people/services.py",
    "powerbank/support/sweeps.py",  # only if the answer is not read by then
}

Row = tuple[type[Event], JobSpec | Follower]
ROWS: list[Row] = [(event, follower) for event, followers in SUBSCRIPTIONS.items() for follower in followers]


def row_name(row: Row) -> str:
    event, follower = row
    if isinstance(follower, JobSpec):
        return f"{event.__name__}-{follower.name}"
    return f"{event.__name__}-{follower.job.name}-{'-'.join(filter(None, follower.arguments.values()))}"


each_row = pytest.mark.parametrize("row", ROWS, ids=row_name)
each_event = pytest.mark.parametrize("event", SUBSCRIPTIONS, ids=lambda event: event.__name__)


def names(event: type[Event]) -> set[str]:
    return {each.name for each in fields(event)}


def told_to(row: Row, job: JobSpec) -> str | None:
    """Return the notice that this job makes of the event, if it is this job that follows."""
    follower = row[1]
    return follower.arguments["notice"] if isinstance(follower, Follower) and follower.job is job else None


PUBLISHES = ("publish", "publish_each")


def test_events_are_followed_and_published_or_not_there() -> None:
    for path in ROOT.glob("powerbank/*/events.py"):
        importlib.import_module(f"powerbank.{path.parent.name}.events")
    assert {event.__name__ for event in leaves(Event)} == {event.__name__ for event in SUBSCRIPTIONS}
    assert all(SUBSCRIPTIONS.values())
    assert published() == {event.__name__ for event in SUBSCRIPTIONS}


def leaves(event: type[Event]) -> Iterator[type[Event]]:
    """List the events that are no base of others. Tests have events of their own."""
    if not event.__subclasses__() and event.__module__.startswith("powerbank."):
        yield event
    for each in event.__subclasses__():
        yield from leaves(each)


def published() -> set[str]:
    found = set()
    for path in SOURCES:
        if path == ROOT / "powerbank/outbox/enqueue.py":  # it publishes what others have made
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PUBLISHES:
                [event] = node.args
                if node.func.id == "publish_each":
                    assert isinstance(event, ast.ListComp), f"{path}: events are made where they are published"
                    event = event.elt
                assert isinstance(event, ast.Call), f"{path}: events are made where they are published"
                assert isinstance(event.func, ast.Name), f"{path}: events are made by their class"
                found.add(event.func.id)
    return found


@each_event
def test_fields_are_what_a_job_can_be_given(event: type[Event]) -> None:
    for name, kind in get_type_hints(event).items():
        assert {*(get_args(kind) or (kind,))} <= {UUID, datetime, str, int, bool, NoneType}, name


@each_row
def test_the_job_takes_what_the_event_gives(row: Row) -> None:
    event, follower = row
    job, more = (follower, {}) if isinstance(follower, JobSpec) else (follower.job, follower.arguments)
    assert not names(event) & {*more}, "the event says something else under this name"
    module, _, function = job.body.rpartition(".")
    given = dict.fromkeys([*names(event), *more])
    run = ["run"] if job.stepwise else []
    inspect.signature(getattr(importlib.import_module(module), function)).bind(*run, **given)


@each_row
def test_conditions_are_about_fields_and_can_be_met(row: Row) -> None:
    event, follower = row
    kinds = get_type_hints(event)
    for name, value in (follower.when if isinstance(follower, Follower) else {}).items():
        assert type(value) in (get_args(kinds[name]) or (kinds[name],))


@each_row
def test_a_persons_notice_has_all_that_its_text_says(row: Row) -> None:
    if (notice := told_to(row, notification_jobs.NOTIFY_USER)) is None:
        return
    event, kind, kinds = row[0], NoticeType(notice), get_type_hints(row[0])
    assert kinds["user_id"] is UUID
    assert isinstance(row[1], Follower)
    if once_per := row[1].arguments["once_per"]:
        assert NoneType not in get_args(kinds[once_per]), "those without a value would all be one"
    found = DETAILS[kind].names if kind in DETAILS else ()
    assert {*built_in.needed_values(kind)} <= names(event) | {*found}


@each_row
def test_a_notice_of_staff_has_all_that_its_text_says(row: Row) -> None:
    if (notice := told_to(row, notification_jobs.NOTIFY_STAFF)) is None:
        return
    rule = staff_kinds.RULES[StaffNoticeType(notice)]
    assert {*built_in.needed_values(StaffNoticeType(notice))} <= names(row[0])
    assert rule.once_per is None or rule.once_per in names(row[0])


@each_event
def test_whose_money_or_points_change_is_told(event: type[Event]) -> None:
    if names(event) & {"amount", "points"} and "user_id" in names(event) and event is not AdjustmentWaits:
        assert any(told_to((event, follower), notification_jobs.NOTIFY_USER) for follower in SUBSCRIPTIONS[event])


def test_details_are_found_for_notices_that_are_told() -> None:
    assert {*DETAILS} <= {NoticeType(notice) for row in ROWS if (notice := told_to(row, notification_jobs.NOTIFY_USER))}


def test_people_are_told_by_a_subscription_wherever_something_happened() -> None:
    direct = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "notify"
    }
    assert direct == TELL_DIRECTLY
