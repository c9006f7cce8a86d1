"""What may be a person's is kept by no cache on its way."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from tests.house.walk import routes
from tests.people import People

# The picture of a station's code belongs to no person, and drawing it again for each look would be waste. A browser
# asks for figures again each time, and gets them only where they have changed.
FIGURES = ("dashboard", "revenue", "users", "stations", "rentals", "fleet", "funnel", "cohorts", "losses")
KEPT_PRIVATELY = {
    "GET /api/admin/stations/<sn>/qr.svg",
    *(f"GET /api/admin/analytics/{each}" for each in FIGURES),
}


def test_whatever_asks_for_a_sign_in_is_stored_nowhere(
    app: Flask, client: FlaskClient, people: People, staff_headers: Callable[..., dict[str, str]]
) -> None:
    person, staff = people.join("sita").headers, staff_headers()
    stored = set()
    for route in routes(app):
        if route.permission is not None and route.method == "GET":
            headers = person if route.permission == "user" else staff
            answer = client.get(route.address(), headers=headers)
            assert answer.status_code < 500, route
            if answer.headers.get("Cache-Control") != "no-store":
                stored.add(str(route))
    assert stored <= KEPT_PRIVATELY


def test_so_is_what_anybody_may_ask_when_somebody_asks(client: FlaskClient, people: People) -> None:
    where = "/api/stations/nearby?lat=27.7&lng=85.3"
    headers = people.join("sita").headers
    for path in (where, "/api/stations"):
        assert client.get(path, headers=headers).headers["Cache-Control"] == "no-store"


def test_tokens_are_stored_nowhere(client: FlaskClient) -> None:
    answer = client.post("/api/auth/get-otp", json={"identifier": "+9779812345678"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (202, "no-store")


def test_public_answers_may_be_cached(client: FlaskClient) -> None:
    assert "max-age" in client.get("/gbfs/3.0/system_information.json").headers["Cache-Control"]
