"""A domain reacts to another by a line of data; the other is not touched."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from jobs import catalogue
from powerbank.content import services
from powerbank.content.models import Language, Slug
from powerbank.db import db, transaction, utcnow
from powerbank.queue import publish
from tests import sample_jobs

Work = Callable[..., None]


def publish_page() -> None:
    services.add_revision(
        slug=Slug.ABOUT, language=Language.ENGLISH, title="About", body="Hello", publish_at=None, now=utcnow()
    )


def test_every_subscriber_gets_the_event_once_and_only_after_the_commit(
    context: Flask, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners = (sample_jobs.TOLD, sample_jobs.TOLD_TOO)
    monkeypatch.setitem(catalogue.SUBSCRIPTIONS, "content_published", listeners)
    with pytest.raises(RuntimeError, match="changed its mind"):
        publish_and_fail()
    work()
    assert db.session.scalar(text("SELECT count(*) FROM test_effects")) == 0
    with transaction():
        publish_page()
    work()
    db.session.rollback()
    assert list(db.session.scalars(text("SELECT key FROM test_effects ORDER BY key"))) == ["about en", "also about en"]


def publish_and_fail() -> None:
    with transaction():
        publish_page()
        raise RuntimeError("changed its mind")


def test_an_event_that_nobody_named_is_a_mistake(context: Flask) -> None:
    with transaction(), pytest.raises(KeyError):
        publish("something_happened")
