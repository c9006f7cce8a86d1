"""Every refusal is a problem document with a stable code, and tells nothing of the inside."""

import json

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def check(response: TestResponse, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    body: dict[str, object] = response.get_json(force=True)
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"]
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


def test_an_unknown_address_is_not_found(probe: FlaskClient) -> None:
    check(probe.get("/nowhere"), 404, "not_found")


def test_wrong_method_says_which_are_right(probe: FlaskClient) -> None:
    response = probe.delete("/probe/echo")
    check(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("body", ["{", "{'key': 1}", "[" * 90_000, '{"a":' * 50_000 + "1" + "}" * 50_000])
def test_body_that_is_no_json_or_too_deep(probe: FlaskClient, body: str) -> None:
    check(probe.post("/probe/echo", data=body, content_type="application/json"), 400, "bad_request")


def test_a_body_of_another_type_is_refused(probe: FlaskClient) -> None:
    check(probe.post("/probe/echo", data="key=a", content_type="text/csv"), 415, "unsupported_media_type")


def test_body_that_is_too_large(probe: FlaskClient) -> None:
    check(probe.post("/probe/echo", json={"key": "a" * 2_000_000}), 413, "body_too_large")


def test_missing_wrong_and_unknown_fields_are_named(probe: FlaskClient) -> None:
    body = check(probe.post("/probe/echo", json={"count": "many", "colour": "red"}), 422, "validation_failed")
    errors = body["errors"]
    assert isinstance(errors, dict)
    assert set(errors) == {"key", "count", "colour"}


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_no_database_can_hold_is_refused(probe: FlaskClient, text: str) -> None:
    body = json.dumps({"key": text})
    check(probe.post("/probe/echo", data=body, content_type="application/json"), 422, "validation_failed")


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "1"])
def test_json_that_is_no_object_is_refused(probe: FlaskClient, body: str) -> None:
    check(probe.post("/probe/echo", data=body, content_type="application/json"), 422, "validation_failed")


def test_a_failure_of_ours_tells_nothing(probe: FlaskClient) -> None:
    response = probe.get("/probe/broken")
    check(response, 500, "internal_error")
    assert "secret" not in response.text
    assert "Runtime" not in response.text


def test_a_request_id_is_echoed_unless_it_is_garbage(probe: FlaskClient) -> None:
    assert probe.get("/health/live", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    assert probe.get("/health/live", headers={"X-Request-ID": "a b\tc"}).headers["X-Request-ID"] != "a b\tc"


def test_every_answer_has_the_security_headers(probe: FlaskClient) -> None:
    for address in ("/health/live", "/nowhere", "/docs"):
        headers = probe.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_long_answers_are_compressed_for_who_asks(probe: FlaskClient) -> None:
    assert probe.get("/openapi.json", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in probe.get("/openapi.json").headers


def test_text_that_only_looks_like_nul_is_fine(probe: FlaskClient) -> None:
    assert probe.post("/probe/echo", json={"key": "\\u0000"}).get_json()["key"] == "\\u0000"
