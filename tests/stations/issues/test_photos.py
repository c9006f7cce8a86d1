"""Photos that come with a report are made anew, are seen by staff only, and are kept for half a year."""

import base64
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from jobs import stations as jobs
from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.issues import photos
from tests.people import Headers, change, joined, rows
from tests.pictures import samples
from tests.stations.conftest import Make

Staff = Callable[..., dict[str, str]]
ADDRESS = "/api/stations/A/report-issue"


@pytest.fixture
def sita(app: Flask, client: FlaskClient, make_station: Make) -> Headers:
    make_station("A")
    return joined(app, "sita")


def as_form(client: FlaskClient, headers: Headers, picture: bytes, **facts: str) -> TestResponse:
    facts.setdefault("issue_type", "damaged")
    return client.post(ADDRESS, headers=headers, data=facts | {"photo": (io.BytesIO(picture), "x.exe", "text/html")})


def as_json(client: FlaskClient, headers: Headers, photo: object) -> TestResponse:
    return client.post(ADDRESS, headers=headers, json={"issue_type": "damaged", "photo": photo})


def reports(client: FlaskClient, headers: Headers, issue_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/admin/station-issues/{issue_id}/reports", headers=headers)
    assert answer.status_code == 200
    return list(answer.get_json()["items"])


def test_staff_see_what_each_person_said_and_showed(
    client: FlaskClient, sita: Headers, app: Flask, staff_headers: Staff
) -> None:
    made = as_form(client, sita, samples.located_jpeg(), description="broken glass")
    assert made.status_code == 201, made.text
    assert "photo" not in made.text
    encoded = base64.b64encode(samples.jpeg()).decode()
    assert as_json(client, joined(app, "gita"), encoded).status_code == 201
    assert as_json(client, joined(app, "hari"), f"data:image/jpeg;base64,{encoded}").status_code == 201
    assert as_json(client, joined(app, "ravi"), None).status_code == 201
    viewer = staff_headers("viewer")
    found = reports(client, viewer, made.get_json()["id"])
    assert [len(each["photos"]) for each in found] == [0, 1, 1, 1]  # newest first
    assert found[-1]["description"] == "broken glass"
    address = found[-1]["photos"][0]
    shown = client.get(address, headers=viewer)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in shown.headers["Cache-Control"]
    assert b"SPY-" not in shown.data
    assert samples.decoded(shown.data).size == (60, 40)
    assert client.get(address).status_code == 401
    assert client.get(address, headers=sita).status_code == 401
    assert (
        client.get("/api/admin/report-photos/01900000-0000-7000-8000-000000000000.jpg", headers=viewer).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("photo", "status"),
    [
        ("x", 422),
        ("", 422),
        (7, 422),
        (["x"], 422),
        ("data:image/jpeg;base64,", 422),
        (base64.b64encode(b"<svg onload=alert(1)>").decode(), 415),
        (base64.b64encode(samples.jpeg()[:40]).decode(), 422),
    ],
)
def test_a_file_that_is_no_photo_is_refused_with_its_report(
    app: Flask, client: FlaskClient, sita: Headers, photo: object, status: int
) -> None:
    assert as_json(client, sita, photo).status_code == status
    assert rows(app, "SELECT 1 FROM station_issues") == []


def test_a_form_is_read_as_strictly_as_json(client: FlaskClient, sita: Headers) -> None:
    assert as_form(client, sita, samples.jpeg(), smell="bad").status_code == 422
    assert as_form(client, sita, samples.jpeg(), issue_type="x").status_code == 422
    assert as_form(client, sita, b"").status_code == 415
    assert client.post(ADDRESS, headers=sita, data="photo=x", content_type="text/plain").status_code == 415


def test_a_report_has_only_a_few_photos(app: Flask, sita: Headers) -> None:
    """A station's report is new each time; a rental's case is one, to which photos are added."""
    [(user_id,)] = rows(app, "SELECT id FROM users")
    with app.app_context(), transaction():
        for _ in range(photos.MOST):
            photos.save_photo(b"x", subject_id=user_id, user_id=user_id, now=utcnow())
        with pytest.raises(Exception, match="photos of this already"):
            photos.save_photo(b"x", subject_id=user_id, user_id=user_id, now=utcnow())


def test_photos_are_deleted_after_half_a_year(
    app: Flask, client: FlaskClient, sita: Headers, work: Callable[..., None]
) -> None:
    as_form(client, sita, samples.jpeg())
    as_form(client, sita, samples.jpeg())
    old = utcnow() - photos.RETENTION - timedelta(days=1)
    change(
        app,
        "UPDATE report_photos SET created_at = :old WHERE id = (SELECT min(id::text)::uuid FROM report_photos)",
        old=old,
    )
    with app.app_context():
        jobs.prune_station_reports(None)  # type: ignore[arg-type]
        assert db.session.scalar(text("SELECT count(*) FROM report_photos")) == 1


def test_photos_go_with_the_account_of_their_user(app: Flask, client: FlaskClient, sita: Headers) -> None:
    as_form(client, sita, samples.jpeg())
    assert client.delete("/api/users/me", headers=sita).status_code == 204
    assert rows(app, "SELECT 1 FROM report_photos") == []
    assert len(rows(app, "SELECT 1 FROM station_issue_reports")) == 1
