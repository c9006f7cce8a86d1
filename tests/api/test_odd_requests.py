"""What a client sends by mistake, or on purpose, is refused as what it is."""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema

from powerbank.api.fields import Boolean
from tests.house.walk import routes
from tests.people import People


def cursor_of(values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


FOREIGN = [
    [1],
    [True],
    [None],
    [1e999],
    [[1]],
    [{"a": 1}],
    ["\ud83d"],
    ["a\x00b"],
    [10**30],
    [],
    ["a", "b"],
    {"a": 1},
    "a",
    ["2026-01-01T00:00:00"],
    [1, 1],
    ["01a22411-8774-737b-92ef-d54cadf91165", 1],
    ["2026-01-01T00:00:00Z", 5],
]


@pytest.mark.parametrize("values", FOREIGN, ids=repr)
@pytest.mark.parametrize("path", ["/api/stations", "/api/rentals", "/api/notifications", "/api/wallet/transactions"])
def test_a_cursor_that_was_not_made_here_is_refused(
    client: FlaskClient, people: People, path: str, values: Any
) -> None:
    answer = client.get(path, query_string={"cursor": cursor_of(values)}, headers=people.join("sita").headers)
    name = isinstance(values, list) and len(values) == 1 and isinstance(values[0], str) and values[0].isascii()
    if path == "/api/stations" and name and "\x00" not in values[0]:
        assert answer.status_code == 200, "any text is a name"
    else:
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("path", ["/api/stations/%00", "/s/%00", "/s/a%00b", "/api/content/%00"])
def test_a_path_with_a_nul_byte_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_connection_whose_body_was_too_large_ends(client: FlaskClient) -> None:
    answer = client.post("/api/auth/get-otp", data=b"{" + b" " * 2_000_000, content_type="application/json")
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")


def test_a_number_of_thousands_of_digits_cannot_be_read_anywhere(
    app: Flask, client: FlaskClient, people: People, staff_headers: Callable[..., dict[str, str]]
) -> None:
    """Python's own parser refuses it in a way of its own."""
    person, staff = people.join("sita").headers, staff_headers()
    body = b'{"amount": ' + b"1" * 4301 + b"}"
    codes: Counter[str] = Counter()
    for route in routes(app):
        if route.method == "GET":
            continue
        headers = {"Idempotency-Key": "k", **({} if route.permission is None else person)}
        headers |= {} if route.permission in (None, "user") else staff
        answer = client.open(
            route.address(), method=route.method, data=body, headers=headers, content_type="application/json"
        )
        assert answer.status_code < 500, route
        codes[(answer.get_json(silent=True) or {}).get("code", "")] += 1
    assert codes["bad_request"] >= 50, codes


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ('"true"', True),
        ('"FALSE"', None),
        ("1", None),
        ("0", None),
        ("1.0", None),
        ('"yes"', None),
        ('"on"', None),
        ('"t"', None),
        ('"1"', None),
        ("[]", None),
        ("{}", None),
        ('""', None),
    ],
)
def test_a_boolean_is_true_or_false(written: str, meant: bool | None) -> None:
    class Answer(Schema):
        sure = Boolean(required=True)

    errors = Answer().validate({"sure": json.loads(written)})
    assert errors == ({} if meant is not None else {"sure": ["Not a valid boolean."]})
    if meant is not None:
        assert Answer().load({"sure": json.loads(written)}) == {"sure": meant}


def test_a_body_that_is_required_must_be_there(
    app: Flask, client: FlaskClient, people: People, staff_headers: Callable[..., dict[str, str]]
) -> None:
    """On each route whose document says so."""
    person, staff = people.join("sita").headers, staff_headers()
    document, done = client.get("/openapi.json").get_json(), set()
    for route in routes(app):
        path = re.sub(r"<(?:[^:>]+(?:\([^)]*\))?:)?([^>]+)>", r"{\1}", route.rule.rule)
        described = document["paths"].get(path, {}).get(route.method.lower(), {})
        body = described.get("requestBody", {})
        if not body.get("required") or "application/json" not in body["content"]:
            continue
        headers = {} if route.permission is None else person if route.permission == "user" else staff
        answer = client.open(route.address(), method=route.method, headers={"Idempotency-Key": "k", **headers})
        if answer.status_code != 422 and answer.get_json()["code"] not in ("forbidden", "not_found"):
            done.add(str(route))
    assert done == set()


def test_a_range_beyond_the_end_has_a_code_of_its_own(client: FlaskClient) -> None:
    answer = client.get("/docs/assets/swagger-ui.css", headers={"Range": "bytes=99999999-"})
    assert (answer.status_code, answer.get_json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"].startswith("bytes */")
