"""The OpenAPI document is valid, complete and true."""

import inspect
import re
from collections.abc import Callable
from importlib.metadata import version
from itertools import islice

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from flask_smorest import Api, Blueprint
from flask_smorest.utils import prepare_response
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import checks

from powerbank.api.openapi import api, note_for_document
from powerbank.base.db import db
from powerbank.outbox import heartbeats
from powerbank.outbox.policy import Queue, lanes
from tests.examples import THOROUGH

# The routes are tried in shares, so that several processes can work at once.
SHARES = 6
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def test_the_document_is_valid(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_every_route_is_in_the_document(app: Flask, client: FlaskClient) -> None:
    documented = set(client.get("/openapi.json").get_json()["paths"])
    served = {
        re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/internal/", "/gbfs/", "/media/", "/health/", "/metrics"))
    }
    assert served == documented


def test_the_document_says_what_a_route_asks_for(client: FlaskClient) -> None:
    operation = client.get("/openapi.json").get_json()["paths"]["/api/admin/faq"]["post"]
    assert operation["security"] == [{"bearer": []}]
    assert operation["x-permission"] == "content.write"


def test_the_document_is_written_once(client: FlaskClient) -> None:
    first = client.get("/openapi.json")
    assert first.content_type == "application/json"
    assert api.document() is api.document()
    assert client.get("/openapi.json").data == first.data


@pytest.mark.parametrize("share", range(SHARES))
def test_any_request_gets_a_documented_answer(
    share: int, app: Flask, staff_headers: Callable[..., dict[str, str]]
) -> None:
    """Whatever is sent: no 500, and nothing that the document does not promise."""
    document = schemathesis.openapi.from_wsgi("/openapi.json", app)
    headers = staff_headers() | {"Accept-Encoding": "identity"}  # this client does not unpack
    tried = 0
    for found in islice(document.get_all_operations(), share, None, SHARES):
        operation = found.ok()
        with app.app_context():  # a living worker, so that /health/queues has no reason for its 503
            heartbeats.record(db.engine, name="w", kind="worker", queues=lanes(Queue))
            heartbeats.record(db.engine, name="s", kind="scheduler", queues=[])

        @settings(
            max_examples=5 * THOROUGH,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[*HealthCheck],
        )
        @given(case=operation.as_strategy())
        def send(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        send()
        tried += 1
    assert tried > 30


class TestWhatWeLeanOn:
    """After an update of flask-smorest that fails here, read `powerbank/api/openapi.py` again."""

    def test_the_version_is_the_one_that_the_module_was_written_against(self) -> None:
        assert version("flask-smorest").startswith("0.47.")

    def test_a_view_carries_what_is_noted_for_the_document(self) -> None:
        def view() -> None: ...

        note_for_document(view, permission="content.write")
        note_for_document(view, idempotent=True)
        assert view._apidoc == {"permission": "content.write", "idempotent": True}  # type: ignore[attr-defined]
        assert "wrapper._apidoc" in inspect.getsource(Blueprint.response)

    def test_a_blueprint_turns_notes_into_the_document_by_callbacks(self) -> None:
        assert isinstance(Blueprint("x", __name__)._prepare_doc_cbks, list)
        assert "in self._prepare_doc_cbks" in inspect.getsource(Blueprint.register_views_in_doc)

    def test_a_blueprint_is_registered_by_the_steps_that_ours_takes(self) -> None:
        source = inspect.getsource(Api.register_blueprint)
        for step in ('"blp_name_to_api"', "self._app.register_blueprint(", "register_views_in_doc(", "self.spec.tag("):
            assert step in source
        parameters = [*inspect.signature(Blueprint.register_views_in_doc).parameters]
        assert parameters == ["self", "api", "app", "spec", "name", "parameters"]

    def test_error_handlers_and_responses_are_registered_by_methods_that_ours_replaces(self) -> None:
        assert callable(Api._register_error_handlers)
        assert callable(Api._register_responses)
        assert [*inspect.signature(prepare_response).parameters] == ["response", "spec", "content_type"]
