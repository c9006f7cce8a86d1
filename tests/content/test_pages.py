"""Pages: published at once or when their time comes, in the reader's language."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.api.fields import show_time
from powerbank.db import db, utcnow

SignIn = Callable[..., dict[str, str]]
Work = Callable[..., None]
ABOUT = {"slug": "about", "title": "About", "body": "Hello"}


def publish(client: FlaskClient, headers: dict[str, str], **changes: object) -> TestResponse:
    return client.post("/api/admin/content", json=ABOUT | changes, headers=headers)


def test_a_text_is_published_at_once(client: FlaskClient, staff_headers: SignIn) -> None:
    made = publish(client, staff_headers())
    assert (made.status_code, made.get_json()["state"]) == (201, "published")
    page = client.get("/api/content/about").get_json()
    assert (page["title"], page["body"], page["language"]) == ("About", "Hello", "en")
    assert page["published_at"].endswith("Z")


def test_a_page_that_nobody_wrote_is_not_found(client: FlaskClient) -> None:
    assert client.get("/api/content/terms-of-service").status_code == 404
    assert client.get("/api/content/anything").status_code == 404


def test_the_next_text_replaces_the_one_before_and_both_stay(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    publish(client, headers)
    publish(client, headers, body="Hello again")
    assert client.get("/api/content/about").get_json()["body"] == "Hello again"
    states = [item["state"] for item in client.get("/api/admin/content", headers=headers).get_json()["items"]]
    assert states == ["published", "replaced"]


def test_two_who_publish_one_page_at_once_both_do(app: Flask, staff_headers: SignIn) -> None:
    headers = staff_headers()

    def write(number: int) -> int:
        return publish(app.test_client(), headers, title=f"About {number}").status_code

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert set(pool.map(write, range(16))) == {201}
    with app.app_context():
        states = Counter(db.session.scalars(text("SELECT state FROM content_revisions")))
    assert states == {"published": 1, "replaced": 15}


def test_a_text_for_later_waits_for_its_time(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
) -> None:
    headers = staff_headers()
    publish(client, headers)
    made = publish(client, headers, body="From tomorrow", publish_at=show_time(utcnow() + timedelta(days=1)))
    assert made.get_json()["state"] == "scheduled"
    work()
    assert client.get("/api/content/about").get_json()["body"] == "Hello"
    with app.app_context():
        db.session.execute(text("UPDATE outbox_jobs SET run_after = now(), lease_until = now()"))
        db.session.commit()
        from powerbank import relay

        relay.recover()
    work()
    assert client.get("/api/content/about").get_json()["body"] == "From tomorrow"


def test_a_text_for_later_can_be_withdrawn_and_then_never_appears(
    client: FlaskClient, staff_headers: SignIn, app: Flask
) -> None:
    from powerbank.content import services
    from powerbank.db import transaction

    headers = staff_headers()
    made = publish(client, headers, publish_at=show_time(utcnow() + timedelta(days=1))).get_json()
    assert client.post(f"/api/admin/content/{made['id']}/withdraw", headers=headers).get_json()["state"] == "withdrawn"
    with app.app_context(), transaction():
        services.publish_revision(made["id"], now=utcnow())
    assert client.get("/api/content/about").status_code == 404


def test_what_is_published_cannot_be_withdrawn(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    made = publish(client, headers).get_json()
    refused = client.post(f"/api/admin/content/{made['id']}/withdraw", headers=headers)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "already_published")


def test_the_readers_language_or_english(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    publish(client, headers)
    assert client.get("/api/content/about", headers={"Accept-Language": "ne"}).get_json()["language"] == "en"
    publish(client, headers, language="ne", title="हाम्रो बारेमा")
    assert client.get("/api/content/about", headers={"Accept-Language": "ne"}).get_json()["title"] == "हाम्रो बारेमा"
    assert client.get("/api/content/about", headers={"Accept-Language": "fr, en;q=0.5"}).get_json()["language"] == "en"


def test_who_has_it_already_is_told_so(client: FlaskClient, staff_headers: SignIn) -> None:
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


def test_who_published_what_is_on_record(app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
    client.post("/api/admin/content", json=ABOUT, headers=staff_headers() | {"X-Request-ID": "r-1"})
    with app.app_context():
        entry = db.session.execute(text("SELECT * FROM audit_log")).one()
    assert (entry.action, entry.request_id, entry.address) == ("content.add", "r-1", "127.0.0.1")
    assert entry.actor.startswith("staff:")
