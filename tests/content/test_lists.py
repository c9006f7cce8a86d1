"""The lists that staff edit and the app shows: questions, banners, app versions and countries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.clock import format_time
from powerbank.base.db import db, utcnow
from powerbank.content.queries import parse_version
from tests.house.walk import routes

SignIn = Callable[..., dict[str, str]]
QUESTION = {"question": "How?", "answer": "So."}
BANNER = {"title": "Hi", "image_url": "https://images.example.com/a.jpg"}
NEPAL = {"code": "NP", "name": "Nepal", "dial_code": "+977", "currency": "NPR"}


def test_question_is_created_shown_changed_and_deleted(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    made = client.post("/api/admin/faq", json=QUESTION, headers=headers)
    assert made.status_code == 201
    address = f"/api/admin/faq/{made.get_json()['id']}"
    assert [item["question"] for item in client.get("/api/content/faq").get_json()["items"]] == ["How?"]
    changed = client.patch(address, json={"active": False}, headers=headers)
    assert (changed.get_json()["active"], changed.get_json()["answer"]) == (False, "So.")
    assert client.get("/api/content/faq").get_json()["items"] == []
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get(address, headers=headers).status_code == 404
    assert client.delete(address, headers=headers).status_code == 404


def test_every_change_is_audited_with_old_and_new_values(
    app: Flask, client: FlaskClient, staff_headers: SignIn
) -> None:
    headers = staff_headers()
    made = client.post("/api/admin/countries", json=NEPAL, headers=headers).get_json()
    client.patch(f"/api/admin/countries/{made['id']}", json={"active": False}, headers=headers)
    client.delete(f"/api/admin/countries/{made['id']}", headers=headers)
    with app.app_context():
        rows = db.session.execute(text("SELECT action, old, new FROM audit_log ORDER BY id")).all()
    assert [row.action for row in rows] == ["countries.create", "countries.update", "countries.delete"]
    assert (rows[1].old["active"], rows[1].new["active"]) == (True, False)


def test_list_is_paged_and_stable_under_inserts(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()

    def add(number: int) -> None:
        client.post("/api/admin/faq", json=QUESTION | {"question": str(number)}, headers=headers)

    for number in range(5):
        add(number)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        answer = client.get(f"/api/admin/faq{query}", headers=headers).get_json()
        seen += [item["question"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        add(100)  # newer than all seen: must not shift what follows
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1"])
def test_wrong_limit_is_refused(client: FlaskClient, staff_headers: SignIn, query: str) -> None:
    assert client.get(f"/api/admin/faq?{query}", headers=staff_headers()).status_code == 422


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "W10", "eyJhIjoxfQ", "%00", "W1tbW1tbW10"])
def test_invented_cursor_is_refused(client: FlaskClient, staff_headers: SignIn, cursor: str) -> None:
    assert client.get(f"/api/admin/faq?cursor={cursor}", headers=staff_headers()).status_code in (400, 422)


def test_banners_are_shown_within_their_window(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    now = utcnow()
    windows = {
        "over": {"starts_at": now - timedelta(days=2), "ends_at": now - timedelta(days=1)},
        "now": {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1)},
        "later": {"starts_at": now + timedelta(days=1)},
    }
    for title, window in windows.items():
        times = {name: format_time(moment) for name, moment in window.items()}
        made = client.post("/api/admin/banners", json=BANNER | {"title": title} | times, headers=headers)
        assert made.status_code == 201
    assert [item["title"] for item in client.get("/api/app/banners").get_json()["items"]] == ["now"]


def test_window_that_ends_before_it_starts_is_refused(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    window = {"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"}
    assert client.post("/api/admin/banners", json=BANNER | window, headers=headers).status_code == 422
    made = client.post("/api/admin/banners", json=BANNER | {"starts_at": window["starts_at"]}, headers=headers)
    changed = client.patch(
        f"/api/admin/banners/{made.get_json()['id']}", json={"ends_at": window["ends_at"]}, headers=headers
    )
    assert changed.status_code == 422  # only the database sees both halves here


def test_second_country_with_the_same_code_is_refused(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    assert client.post("/api/admin/countries", json=NEPAL, headers=headers).status_code == 201
    refused = client.post("/api/admin/countries", json=NEPAL, headers=headers)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "already_exists")
    assert [item["code"] for item in client.get("/api/app/countries").get_json()["items"]] == ["NP"]


@pytest.mark.parametrize(
    ("mine", "update"), [("1.0.0", "required"), ("1.9.9", "required"), ("2.0.0", "available"), ("2.10", "none")]
)
def test_app_hears_whether_its_version_is_supported(
    client: FlaskClient, staff_headers: SignIn, mine: str, update: str
) -> None:
    headers = staff_headers()
    for version, mandatory in (("1.0.0", False), ("2.0.0", True), ("2.9.0", False), ("2.10.0", False)):
        body = {"platform": "android", "version": version, "mandatory": mandatory}
        assert client.post("/api/admin/app-versions", json=body, headers=headers).status_code == 201
    answer = client.get(f"/api/app/version?platform=android&version={mine}").get_json()
    assert (answer["update"], answer["latest"], answer["minimum"]) == (update, "2.10.0", "2.0.0")


def test_app_without_any_release_needs_no_update(client: FlaskClient) -> None:
    assert client.get("/api/app/version?platform=ios&version=1.0").get_json()["update"] == "none"
    assert client.get("/api/app/version?platform=ios&version=new").status_code == 422
    assert client.get("/api/app/version?platform=palm&version=1.0").status_code == 422


def test_versions_compare_by_number() -> None:
    assert parse_version("2.10.0") > parse_version("2.9.9") > parse_version("2.9") > parse_version("1.99.99-beta")


def test_banner_is_shown_to_readers_of_its_language_or_to_all(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    for title, language in (("all", None), ("english", "en"), ("nepali", "ne")):
        body = BANNER | {"title": title, "language": language}
        assert client.post("/api/admin/banners", json=body, headers=headers).status_code == 201
    for language, titles in (("ne-NP", ["all", "nepali"]), ("en", ["all", "english"]), ("fr", ["all", "english"])):
        answer = client.get("/api/app/banners", headers={"Accept-Language": language})
        assert [item["title"] for item in answer.get_json()["items"]] == titles
        assert "Accept-Language" in answer.headers["Vary"]
    assert client.post("/api/admin/banners", json=BANNER | {"language": "fr"}, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "kind",
    [
        "content",
        "faq",
        "banners",
        "app-versions",
        "countries",
        "packages",
        "coupons",
        "campaigns",
        "achievements",
        "templates",
    ],
)
def test_staff_can_read_change_and_delete_whatever_they_can_create(app: Flask, kind: str) -> None:
    methods: dict[str, set[str]] = {}
    for route in routes(app, f"/api/admin/{kind}"):
        place = route.rule.rule.removeprefix(f"/api/admin/{kind}")
        if place == "" or (place.count("/") == 1 and place.startswith("/<")):
            methods.setdefault("one" if place else "all", set()).add(route.method)
    assert methods["all"] >= {"GET", "POST"}
    assert methods["one"] >= {"GET", "DELETE"}
    assert methods["one"] & {"PATCH", "PUT"}
