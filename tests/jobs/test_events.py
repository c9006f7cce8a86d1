"""A domain reacts to another by a line of data; the other is not touched."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.outbox.enqueue import fields_of_event, publish
from powerbank.outbox.events import Event
from powerbank.subscriptions import SUBSCRIPTIONS
from tests import sample_jobs

Work = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class PageRead(Event):
    slug: str
    language: str
    revision_id: str


ABOUT = PageRead(slug="about", language="en", revision_id="1")


def test_every_subscriber_gets_the_event_once_and_only_after_the_commit(
    context: Flask, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SUBSCRIPTIONS, PageRead, (sample_jobs.TOLD, sample_jobs.TOLD_TOO))
    with pytest.raises(RuntimeError, match="changed its mind"):
        publish_and_fail()
    work()
    assert db.session.scalar(text("SELECT count(*) FROM test_effects")) == 0
    db.session.rollback()
    with transaction():
        publish(ABOUT)
    work()
    db.session.rollback()
    assert list(db.session.scalars(text("SELECT key FROM test_effects ORDER BY key"))) == ["about en", "also about en"]


def publish_and_fail() -> None:
    with transaction():
        publish(ABOUT)
        raise RuntimeError("changed its mind")


def test_an_event_that_is_in_no_subscription_is_a_mistake(context: Flask) -> None:
    with transaction(), pytest.raises(KeyError):
        publish(ABOUT)


@dataclass(frozen=True, kw_only=True)
class Everything(Event):
    id: UUID
    at: datetime
    name: str
    count: int
    sure: bool
    nothing: UUID | None


def test_jobs_get_ids_and_times_as_text_and_all_else_as_it_is() -> None:
    at = datetime(2026, 11, 30, 12, 0, tzinfo=UTC).astimezone(timezone(timedelta(hours=5, minutes=45)))
    event = Everything(id=UUID(int=1), at=at, name="x", count=2, sure=True, nothing=None)
    assert fields_of_event(event) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "at": "2026-11-30T12:00:00Z",
        "name": "x",
        "count": 2,
        "sure": True,
        "nothing": None,
    }
