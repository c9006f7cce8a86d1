"""A query string holds what its route knows, on every route of the API."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.house.walk import routes
from tests.people import People

# A gateway, or a payer's browser that comes from one, brings whatever parameters the gateway adds to the address.
FOREIGN = {"GET /api/payment/return/<string:gateway>", "POST /api/payment/webhook/<string:gateway>"}
PREFIXES = ("/api/", "/internal/", "/gbfs/", "/media/", "/health/", "/metrics")


def test_every_route_refuses_a_name_that_it_does_not_know(app: Flask, client: FlaskClient) -> None:
    taken, asked = set(), 0
    for prefix in PREFIXES:
        for route in routes(app, prefix):
            asked += 1
            answer = client.open(f"{route.address()}?surprise=1", method=route.method)
            if answer.status_code != 422 or "surprise" not in answer.get_json().get("errors", {}):
                taken.add(str(route))
    assert taken == FOREIGN
    assert asked > 200


@pytest.mark.parametrize("path", ["/api/stations/nearby?lat=27.7&lng=85.3&radius_km=5", "/api/stations?limit=5"])
def test_a_route_takes_the_parameters_of_its_schema_and_no_others(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    answer = client.get(f"{path}&limti=7&limti=8")
    assert (answer.status_code, answer.get_json()["errors"]) == (422, {"limti": ["Unknown field."]})


def test_many_long_names_are_not_repeated_whole(client: FlaskClient) -> None:
    answer = client.get("/api/stations?" + "&".join(f"{'x' * 200}{number}=1" for number in range(100)))
    assert answer.status_code == 422
    assert len(answer.data) < 4000


@pytest.mark.parametrize("path", ["/", "/docs", "/app/payment?status=success", "/s/nowhere", "/console/sign-in"])
def test_pages_are_opened_from_links_that_others_have_added_to(client: FlaskClient, path: str) -> None:
    plain = client.get(path).status_code
    assert client.get(f"{path}{'&' if '?' in path else '?'}utm_source=poster").status_code == plain


def test_a_gateway_may_add_what_it_likes(client: FlaskClient, people: People) -> None:
    assert client.get("/api/payment/return/khalti?pidx=x&surprise=1").status_code == 303
    assert client.post("/api/payment/webhook/khalti?pidx=x&surprise=1").status_code == 202
