"""Pages: texts are published at once or at their time, in the language of the reader."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.base.clock import format_time
from powerbank.base.db import db, transaction, utcnow
from powerbank.content import services

SignIn = Callable[..., dict[str, str]]
Work = Callable[..., None]
ABOUT = {"slug": "about", "title": "About", "body": "Hello"}


def publish(client: FlaskClient, headers: dict[str, str], **changes: object) -> TestResponse:
    return client.post("/api/admin/content", json=ABOUT | changes, headers=headers)


def test_text_is_published_at_once(client: FlaskClient, staff_headers: SignIn) -> None:
    made = publish(client, staff_headers())
    assert (made.status_code, made.get_json()["state"]) == (201, "published")
    page = client.get("/api/content/about").get_json()
    assert (page["title"], page["body"], page["language"]) == ("About", "Hello", "en")
    assert page["published_at"].endswith("Z")


def test_page_without_a_text_is_404(client: FlaskClient) -> None:
    assert client.get("/api/content/terms-of-service").status_code == 404
    assert client.get("/api/content/anything").status_code == 404


def test_new_text_replaces_the_old_one_and_both_are_kept(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    publish(client, headers)
    publish(client, headers, body="Hello again")
    assert client.get("/api/content/about").get_json()["body"] == "Hello again"
    states = [item["state"] for item in client.get("/api/admin/content", headers=headers).get_json()["items"]]
    assert states == ["published", "replaced"]


def test_two_publications_of_one_page_at_once_both_succeed(app: Flask, staff_headers: SignIn) -> None:
    headers = staff_headers()

    def write(number: int) -> int:
        return publish(app.test_client(), headers, title=f"About {number}").status_code

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert set(pool.map(write, range(16))) == {201}
    with app.app_context():
        states = Counter(db.session.scalars(text("SELECT state FROM content_revisions")))
    assert states == {"published": 1, "replaced": 15}


def test_scheduled_text_is_published_at_its_time(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
) -> None:
    headers = staff_headers()
    publish(client, headers)
    made = publish(client, headers, body="From tomorrow", publish_at=format_time(utcnow() + timedelta(days=1)))
    assert made.get_json()["state"] == "scheduled"
    work()
    assert client.get("/api/content/about").get_json()["body"] == "Hello"
    with app.app_context():
        db.session.execute(text("UPDATE outbox_jobs SET run_after = now(), lease_until = now()"))
        db.session.commit()
        from powerbank.outbox import relay

        relay.send_all_open_jobs()
    work()
    assert client.get("/api/content/about").get_json()["body"] == "From tomorrow"


def test_withdrawn_text_is_never_published(client: FlaskClient, staff_headers: SignIn, app: Flask) -> None:
    headers = staff_headers()
    made = publish(client, headers, publish_at=format_time(utcnow() + timedelta(days=1))).get_json()
    assert client.post(f"/api/admin/content/{made['id']}/withdraw", headers=headers).get_json()["state"] == "withdrawn"
    with app.app_context(), transaction():
        services.publish_revision(made["id"], now=utcnow())
    assert client.get("/api/content/about").status_code == 404


def test_published_text_cannot_be_withdrawn(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    made = publish(client, headers).get_json()
    refused = client.post(f"/api/admin/content/{made['id']}/withdraw", headers=headers)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "already_published")


def test_page_is_shown_in_the_readers_language_or_in_english(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    publish(client, headers)
    assert client.get("/api/content/about", headers={"Accept-Language": "ne"}).get_json()["language"] == "en"
    publish(client, headers, language="ne", title="हाम्रो बारेमा")
    assert client.get("/api/content/about", headers={"Accept-Language": "ne"}).get_json()["title"] == "हाम्रो बारेमा"
    assert client.get("/api/content/about", headers={"Accept-Language": "fr, en;q=0.5"}).get_json()["language"] == "en"


def test_unchanged_page_is_answered_with_304(client: FlaskClient, staff_headers: SignIn) -> None:
    publish(client, staff_headers())
    first = client.get("/api/content/about")
    again = client.get("/api/content/about", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Accept-Language" in first.headers["Vary"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "nowhere"},
        {"title": ""},
        {"language": "xx"},
        {"publish_at": "2026-01-01T00:00:00"},
        {"publish_at": "9999-12-31T23:59:59Z"},
        {"colour": "red"},
    ],
)
def test_wrong_texts_are_refused(client: FlaskClient, staff_headers: SignIn, wrong: dict[str, object]) -> None:
    assert publish(client, staff_headers(), **wrong).status_code == 422


def test_publication_is_audited(app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
    client.post("/api/admin/content", json=ABOUT, headers=staff_headers() | {"X-Request-ID": "r-1"})
    with app.app_context():
        entry = db.session.execute(text("SELECT * FROM audit_log")).one()
    assert (entry.action, entry.request_id, entry.address) == ("content.add", "r-1", "127.0.0.1")
    assert entry.actor.startswith("staff:")


def shown(client: FlaskClient, slug: str = "about") -> str | None:
    answer = client.get(f"/api/content/{slug}")
    return answer.get_json()["body"] if answer.status_code == 200 else None


def hurry(app: Flask, work: Work) -> None:
    """Make all jobs due that wait for their time."""
    from powerbank.outbox import relay

    with app.app_context():
        db.session.execute(text("UPDATE outbox_jobs SET run_after = now(), lease_until = now()"))
        db.session.commit()
        relay.send_all_open_jobs()
    work()


def in_days(days: int) -> str:
    return format_time(utcnow() + timedelta(days=days))


class TestOneText:
    def at(self, made: TestResponse) -> str:
        assert made.status_code == 201, made.text
        return f"/api/admin/content/{made.get_json()['id']}"

    def test_text_is_read_and_found_by_page_language_and_state(
        self, client: FlaskClient, staff_headers: SignIn
    ) -> None:
        headers = staff_headers()
        made = publish(client, headers)
        publish(client, headers, language="ne", title="हाम्रो बारेमा")
        publish(client, headers, slug="contact", publish_at=in_days(1))
        assert client.get(self.at(made), headers=headers).get_json() == made.get_json()
        for query, number in (
            ("", 3),
            ("slug=about", 2),
            ("language=ne", 1),
            ("state=scheduled", 1),
            ("slug=contact&language=ne", 0),
        ):
            found = client.get(f"/api/admin/content?{query}", headers=headers).get_json()["items"]
            assert len(found) == number, query
        assert client.get("/api/admin/content?slug=nowhere", headers=headers).status_code == 422

    def test_change_of_a_published_text_becomes_the_next_text(self, client: FlaskClient, staff_headers: SignIn) -> None:
        headers = staff_headers()
        made = publish(client, headers)
        changed = client.patch(self.at(made), json={"body": "Hello again"}, headers=headers)
        assert (changed.status_code, changed.get_json()["state"]) == (200, "published")
        assert (changed.get_json()["title"], changed.get_json()["language"]) == ("About", "en")
        assert shown(client) == "Hello again"
        before = client.get(self.at(made), headers=headers).get_json()
        assert (before["state"], before["body"]) == ("replaced", "Hello")
        refused = client.patch(self.at(made), json={"body": "Never"}, headers=headers)
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "content_kept")
        later = client.patch(
            f"/api/admin/content/{changed.get_json()['id']}", json={"publish_at": in_days(1)}, headers=headers
        )
        assert (later.get_json()["state"], shown(client)) == ("scheduled", "Hello again")

    def test_change_without_fields_publishes_nothing(
        self, app: Flask, client: FlaskClient, staff_headers: SignIn
    ) -> None:
        headers = staff_headers()
        made = publish(client, headers)
        same = client.patch(self.at(made), json={}, headers=headers)
        assert (same.status_code, same.get_json()["id"]) == (200, made.get_json()["id"])
        with app.app_context():
            assert db.session.scalar(text("SELECT count(*) FROM audit_log WHERE action = 'content.update'")) == 0

    def test_scheduled_text_is_changed_in_place_and_published_at_its_newest_time(
        self, app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
    ) -> None:
        headers = staff_headers()
        publish(client, headers)
        made = publish(client, headers, body="Soon", publish_at=in_days(1))
        changed = client.patch(self.at(made), json={"body": "Later", "publish_at": in_days(7)}, headers=headers)
        assert (changed.get_json()["id"], changed.get_json()["state"]) == (made.get_json()["id"], "scheduled")
        with app.app_context():
            plans = "SELECT arguments ->> 'planned_for' FROM outbox_jobs WHERE job = 'publish_content' ORDER BY id"
            first, _ = db.session.scalars(text(plans)).all()
            db.session.rollback()
        with app.app_context(), transaction():
            services.publish_revision(
                UUID(made.get_json()["id"]), now=utcnow(), planned_for=datetime.fromisoformat(first)
            )
        assert shown(client) == "Hello", "its first time has come, and was not its time any more"
        hurry(app, work)
        assert shown(client) == "Later"

    def test_scheduled_text_can_be_published_at_once(self, client: FlaskClient, staff_headers: SignIn) -> None:
        headers = staff_headers()
        made = publish(client, headers, publish_at=in_days(1))
        assert shown(client) is None
        changed = client.patch(self.at(made), json={"publish_at": None}, headers=headers)
        assert (changed.get_json()["state"], shown(client)) == ("published", "Hello")

    def test_deleted_published_text_leaves_its_page_and_stays_on_record(
        self, client: FlaskClient, staff_headers: SignIn
    ) -> None:
        headers = staff_headers()
        made = publish(client, headers)
        assert client.delete(self.at(made), headers=headers).status_code == 204
        assert shown(client) is None
        kept = client.get(self.at(made), headers=headers).get_json()
        assert (kept["state"], kept["body"]) == ("removed", "Hello")
        assert kept["published_at"] < kept["removed_at"]
        again = client.delete(self.at(made), headers=headers)
        assert (again.status_code, again.get_json(force=True)["code"]) == (409, "content_kept")
        publish(client, headers, body="New")
        assert shown(client) == "New"

    def test_deleted_scheduled_text_is_never_published(
        self, app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
    ) -> None:
        headers = staff_headers()
        made = publish(client, headers, publish_at=in_days(1))
        assert client.delete(self.at(made), headers=headers).status_code == 204
        assert client.get(self.at(made), headers=headers).status_code == 404
        assert client.delete(self.at(made), headers=headers).status_code == 404
        hurry(app, work)
        assert shown(client) is None

    def test_changes_and_deletions_are_audited(self, app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
        headers = staff_headers()
        made = publish(client, headers, publish_at=in_days(1))
        client.patch(self.at(made), json={"body": "New", "title": "About"}, headers=headers)
        client.delete(self.at(made), headers=headers)
        with app.app_context():
            entries = db.session.execute(text("SELECT action, old, new FROM audit_log ORDER BY id")).all()
        assert [entry.action for entry in entries] == ["content.add", "content.update", "content.delete"]
        assert entries[1].old == {"body": "Hello"}
        assert entries[1].new == {"body": "New", "revision_id": made.get_json()["id"]}
        assert (entries[2].old["slug"], entries[2].old["state"]) == ("about", "scheduled")

    @pytest.mark.parametrize("wrong", [{"slug": "contact"}, {"language": "ne"}, {"title": ""}, {"state": "published"}])
    def test_text_cannot_move_to_another_page(
        self, client: FlaskClient, staff_headers: SignIn, wrong: dict[str, object]
    ) -> None:
        headers = staff_headers()
        assert client.patch(self.at(publish(client, headers)), json=wrong, headers=headers).status_code == 422

    def test_concurrent_changes_of_a_page_are_serialised(
        self, app: Flask, client: FlaskClient, staff_headers: SignIn
    ) -> None:
        headers = staff_headers()
        published, waiting = publish(client, headers), publish(client, headers, publish_at=in_days(1))
        asked = [
            lambda: app.test_client().patch(self.at(published), json={"body": "Again"}, headers=headers),
            lambda: app.test_client().patch(self.at(waiting), json={"publish_at": None}, headers=headers),
            lambda: app.test_client().delete(self.at(published), headers=headers),
            lambda: publish(app.test_client(), headers, body="Other"),
        ] * 3
        with ThreadPoolExecutor(len(asked)) as pool:
            answers = list(pool.map(lambda ask: ask().status_code, asked))
        assert {*answers} <= {200, 201, 204, 409}
        assert answers.count(201) == 3
        states = [item["state"] for item in client.get("/api/admin/content", headers=headers).get_json()["items"]]
        assert states.count("published") == 1
