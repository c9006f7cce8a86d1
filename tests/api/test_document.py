"""The document is good to read: titles, groups, examples that hold, and the codes with which each route refuses."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from powerbank.api.document.refusals import FOUND, describe_found
from powerbank.api.openapi import api


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    with app.app_context():
        found: dict[str, Any] = json.loads(api.document())
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def test_every_route_has_a_title_that_fits_a_menu(document: dict[str, Any]) -> None:
    for route, operation in operations(document):
        title = operation["summary"]
        assert 3 <= len(title) <= 100, (route, title)
        assert title[0].isupper(), (route, title)
        assert not title.endswith("."), (route, title)


def test_what_a_title_leaves_out_stands_in_the_description(document: dict[str, Any]) -> None:
    start = document["paths"]["/api/rentals/initiate"]["post"]
    assert start["summary"] == "Begin a rental"
    assert "money held" in start["description"]


def test_every_group_of_routes_stands_in_one_chapter(document: dict[str, Any]) -> None:
    chapters = [tag for group in document["x-tagGroups"] for tag in group["tags"]]
    assert sorted(chapters) == sorted(tag["name"] for tag in document["tags"])


def test_common_parameters_are_explained(document: dict[str, Any]) -> None:
    for route, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in ("limit", "cursor", "Idempotency-Key"):
                assert parameter["description"], route


def test_every_example_holds(document: dict[str, Any]) -> None:
    tried = 0
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            if "example" in described:
                wrong = [error.message for error in Draft202012Validator(described).iter_errors(described["example"])]
                assert wrong == [], (name, field)
                tried += 1
    assert tried > 1000


def test_a_route_says_with_which_codes_it_refuses(document: dict[str, Any]) -> None:
    refusals = document["paths"]["/api/rentals/initiate"]["post"]["x-refusals"]
    assert {"idempotency_key_required", "idempotency_key_invalid"} <= set(refusals["400"])
    assert refusals["401"] == ["unauthenticated"]
    assert "insufficient_funds" in refusals["402"]
    assert {"kyc_required", "outstanding_due", "profile_incomplete"} <= set(refusals["403"])
    assert {"station_offline", "no_powerbank_available", "open_rental_exists"} <= set(refusals["409"])
    said = document["paths"]["/api/rentals/initiate"]["post"]["responses"]
    assert "`kyc_required`" in said["403"]["description"]
    assert "fresh try" in said["503"]["description"]  # what the route itself says stays


def test_routes_of_staff_say_that_the_role_may_be_too_small(document: dict[str, Any]) -> None:
    for route, operation in operations(document):
        if re.search(r" /api/admin/(?!auth)", route):
            assert "forbidden" in operation["x-refusals"]["403"], route


def test_a_refusal_is_one_of_those_that_the_document_names(client: FlaskClient, document: dict[str, Any]) -> None:
    asked = [
        ("get", "/api/wallet", {}),
        ("post", "/api/auth/get-otp", {"identifier": "+15550001111"}),
        ("post", "/api/auth/refresh", {"refresh_token": "nobody's"}),
        ("get", "/api/stations/nobody", {}),
    ]
    for method, path, body in asked:
        answer = client.open(path, method=method.upper(), json=body or None)
        described = document["paths"][path.replace("nobody", "{sn}")][method]["x-refusals"]
        assert answer.get_json()["code"] in described[str(answer.status_code)], path


def test_the_codes_are_those_of_the_source(app: Flask) -> None:
    """Who adds a route or a refusal runs `flask docs write`."""
    assert FOUND.read_text() == describe_found(app)
