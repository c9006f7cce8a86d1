"""What the application changes of Flask."""

import inspect
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import version
from uuid import UUID

import pytest
from flask import Flask, request, session
from flask.json.provider import JSONProvider
from flask.testing import FlaskClient
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request

from powerbank.base.application import MemoryRequest, OrjsonProvider, ReadRule, dump_json

NEPAL = timezone(timedelta(hours=5, minutes=45))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"name": "साझा", "kind": None}, {"name": "साझा", "kind": None}),
        ({"at": datetime(2026, 10, 20, 12, tzinfo=UTC)}, {"at": "2026-10-20T12:00:00Z"}),
        ({"id": UUID(int=7)}, {"id": "00000000-0000-0000-0000-000000000007"}),
        ({1: 0.1}, {"1": 0.1}),
        ({"n": 10**30}, {"n": 10**30}),
        (
            {"n": 10**30, "at": datetime(2026, 10, 20, 17, 45, tzinfo=NEPAL), "id": UUID(int=7)},
            {"n": 10**30, "at": "2026-10-20T12:00:00Z", "id": "00000000-0000-0000-0000-000000000007"},
        ),
    ],
)
def test_json_says_the_same_however_it_is_written(value: object, written: object) -> None:
    assert json.loads(dump_json(value)) == written
    assert b": " not in dump_json(value)


def test_what_is_no_data_is_not_written() -> None:
    with pytest.raises(TypeError):
        dump_json({"type": object})


def test_a_cookie_session_begins_lasts_and_ends(app: Flask) -> None:
    interface = app.session_interface
    with app.test_request_context("/"):
        session["member"] = "m1"
        response = app.process_response(app.response_class("x"))
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("powerbank=")
    assert "Cookie" in response.headers["Vary"]
    with app.test_request_context("/", headers={"Cookie": cookie.partition(";")[0]}):
        found = interface.open_session(app, request)
        assert found is not None
        assert found["member"] == "m1"
        session.clear()
        gone = app.process_response(app.response_class("x"))
    assert "Expires=Thu, 01 Jan 1970" in gone.headers["Set-Cookie"]


def test_an_answer_sets_no_cookie_for_a_caller_without_one(client: FlaskClient) -> None:
    answer = client.get("/api/app/countries")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize("append_unknown", [True, False])
def test_addresses_are_made_as_werkzeug_makes_them(append_unknown: bool) -> None:
    ours, theirs = (Map([kind("/a/<name>/b", endpoint="x")]).bind("host") for kind in (ReadRule, Rule))
    for _ in range(2):  # the first time, a rule learns it
        made = [
            each.build("x", {"name": "n 1/é", "more": "1 2"}, append_unknown=append_unknown) for each in (ours, theirs)
        ]
        assert made[0] == made[1]


class TestWhatWeLeanOn:
    """After an update of Flask or Werkzeug that fails here, read `powerbank/base/application.py` again."""

    @pytest.mark.parametrize("package", ["flask", "werkzeug"])
    def test_the_version_is_the_one_that_the_module_was_written_against(self, package: str) -> None:
        assert version(package).startswith("3.1.")

    def test_the_json_provider_takes_arguments_apart(self, app: Flask) -> None:
        assert OrjsonProvider(app)._prepare_response_obj((), {"a": 1}) == {"a": 1}
        assert "_prepare_response_obj(args, kwargs)" in inspect.getsource(JSONProvider.response)

    def test_views_and_hooks_are_asked_whether_they_are_coroutines(self) -> None:
        assert "self.ensure_sync(self.view_functions[rule.endpoint])" in inspect.getsource(Flask.dispatch_request)

    def test_a_request_makes_the_place_of_each_uploaded_file(self) -> None:
        assert "self._get_file_stream" in inspect.getsource(Request.make_form_data_parser)
        assert isinstance(MemoryRequest({})._get_file_stream(10**9, "image/png"), io.BytesIO)

    def test_a_rule_is_given_what_makes_its_addresses_by_one_method(self) -> None:
        source = inspect.getsource(Rule.compile)
        assert "self._build = self._compile_builder(False).__get__(self, None)" in source
        assert "self._build_unknown = self._compile_builder(True).__get__(self, None)" in source
