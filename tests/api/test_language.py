"""Refusals are told in the language that their reader asked for, down to each field."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import marshmallow
import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import fields, validate

from powerbank.api import translations
from powerbank.api.problems import problem_as_bytes
from powerbank.api.translations import NEPALI, translate
from powerbank.api.translations.terms_ne import TITLES, WORDS
from powerbank.base.db import transaction
from powerbank.base.errors import AppError
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
from tests.house import texts_in_code
from tests.people import People

NEPALESE = {"Accept-Language": "ne-NP, en;q=0.8"}
# These texts hold no sentence of ours: one is a vendor's text, the other puts a field's name before its problem.
OTHERS = {"{}.", "{}: {}"}

MODULES = texts_in_code.trees()


def plain(text: str) -> str:
    """However the values in it are called."""
    return re.sub(r"\{\w*(!r)?\}", "{}", text)


KNOWN = {plain(english) for english in NEPALI}


def test_each_refusal_of_the_code_has_a_nepali_text() -> None:
    said = texts_in_code.texts(MODULES)
    assert len(said) > 150
    missing = {text: place for text, place in said.items() if plain(text) not in KNOWN | OTHERS}
    assert missing == {}


def test_each_thing_that_may_be_missing_has_a_nepali_name() -> None:
    assert texts_in_code.things(MODULES) - WORDS.keys() == set()


def of_marshmallow() -> Iterator[str]:
    def kinds(of: type) -> Iterator[type]:
        yield of
        for each in of.__subclasses__():
            yield from kinds(each)

    yield from marshmallow.Schema._default_error_messages.values()
    for field in kinds(fields.Field):
        yield from field.default_error_messages.values()  # type: ignore[attr-defined]
    for rule in kinds(validate.Validator):
        named = {name: value for name, value in vars(rule).items() if isinstance(value, str)}
        yield from (value for name, value in named.items() if name.startswith(("message", "default_message")))


def test_each_rule_for_fields_has_a_nepali_text() -> None:
    # Ranges are put together of these and of how they begin and end; the test below asks for each of them.
    parts = {"{min_op} {{min}}", "{max_op} {{max}}", "greater than", "less than"}
    said = {text for text in of_marshmallow() if not any(part in text for part in parts)}
    assert len(said) > 30
    assert {text for text in said if plain(text) not in KNOWN} == set()


@pytest.mark.parametrize("low", [None, "inclusive", "exclusive"])
@pytest.mark.parametrize("high", [None, "inclusive", "exclusive"])
def test_each_range_has_a_nepali_text(low: str | None, high: str | None) -> None:
    rule = validate.Range(
        min=3 if low else None,
        max=5 if high else None,
        min_inclusive=low == "inclusive",
        max_inclusive=high == "inclusive",
    )
    beyond = ([1] if low else []) + ([9] if high else [])
    for value in beyond:
        with pytest.raises(marshmallow.ValidationError) as refused:
            rule(value)
        assert is_nepali(translate(str(refused.value.messages[0]), "ne"))


WRONG_SETTINGS = (-1, 10**9, "x", 1.5, None, [], {}, "150.001", "25:00-26:00", "22:00-22:00")


@pytest.mark.parametrize("value", WRONG_SETTINGS)
def test_each_rule_for_settings_has_a_nepali_text(context: Flask, value: Any) -> None:
    for key in AppConfig.model_fields:
        try:
            with transaction():
                app_config.set_value(key, value, actor="test")
        except AppError as refused:
            for message in refused.data["errors"]["value"]:
                assert is_nepali(translate(message, "ne")), (key, message)


def is_nepali(text: str) -> bool:
    return re.search(r"[\u0900-\u097f]", text) is not None


def test_each_kind_of_problem_has_a_nepali_title() -> None:
    refusing = [
        status
        for status in HTTPStatus
        if status
        in {
            400,
            401,
            402,
            403,
            404,
            405,
            406,
            408,
            409,
            410,
            411,
            412,
            413,
            414,
            415,
            416,
            417,
            422,
            423,
            428,
            429,
            431,
            500,
            501,
            502,
            503,
            504,
        }
    ]  # one list, two ages
    assert {status.phrase for status in refusing} - TITLES.keys() == set()


def test_both_say_the_same_values_and_nepali_is_nepali() -> None:
    for english, nepali in NEPALI.items():
        names = re.compile(r"\{(\w+)\}")
        assert sorted(names.findall(english)) == sorted(names.findall(nepali)), english
        assert is_nepali(nepali), english
        assert nepali == nepali.strip()
    assert all(is_nepali(word) for word in WORDS.values())


@pytest.mark.parametrize(
    ("english", "nepali"),
    [
        ("There is no such rental.", "यस्तो भाडा छैन।"),
        ("There is no such unicorn.", "यस्तो unicorn छैन।"),
        ("A rental that is completed cannot be extended.", "पूरा भइसकेको भाडाको समय थप्न मिल्दैन।"),
        ("Must be at least 10.00.", "कम्तीमा 10.00 हुनुपर्छ।"),
        ("Must be one of: en, ne.", "यीमध्ये एक हुनुपर्छ: en, ne।"),
        ("count: Must be at least 10.00.", "count: कम्तीमा 10.00 हुनुपर्छ।"),
        ("What nobody has put into words.", "What nobody has put into words."),
    ],
)
def test_translations_carry_the_values_of_the_english_text(english: str, nepali: str) -> None:
    assert translate(english, "ne") == nepali
    assert translate(english, "en") == english


def test_a_long_text_of_somebody_is_not_searched() -> None:
    quoted = "Must be one of: " + "a, " * 100_000
    assert translate(quoted, "ne") == quoted
    assert len(quoted) > translations.LONGEST


class TestProblems:
    def told(self, client: FlaskClient, method: str, path: str, **more: Any) -> dict[str, Any]:
        response = client.open(path, method=method, **more)
        wanted = "ne" if "ne" in more.get("headers", {}).get("Accept-Language", "") else "en"
        assert response.headers["Content-Language"] == wanted
        assert "Accept-Language" in response.vary
        return dict(response.get_json(force=True))

    def test_title_and_detail_of_a_problem_are_translated(self, client: FlaskClient) -> None:
        problem = self.told(client, "GET", "/api/nowhere", headers=NEPALESE)
        assert (problem["title"], problem["detail"]) == ("भेटिएन", "यो ठेगानामा केही छैन।")
        assert problem["code"] == "not_found"

    @pytest.mark.parametrize("header", [None, "en", "fr", "en, ne;q=0.5", "ne;q=0, en", "x" * 5000])
    def test_everybody_else_is_answered_in_english(self, client: FlaskClient, header: str | None) -> None:
        response = client.get("/api/nowhere", headers={"Accept-Language": header} if header else {})
        assert response.headers["Content-Language"] == "en"
        assert response.get_json(force=True)["title"] == "Not Found"

    def test_the_error_of_each_field_is_translated(self, client: FlaskClient) -> None:
        body = {"identifier": "x", "purpose": "nonsense", "more": 1}
        problem = self.told(client, "POST", "/api/auth/get-otp", json=body, headers=NEPALESE)
        assert problem["detail"] == "केही विवरण छुटेका वा मिलेका छैनन्।"
        assert problem["errors"] == {
            "identifier": ["लम्बाइ 3 देखि 254 सम्म हुनुपर्छ।"],
            "purpose": ["यीमध्ये एक हुनुपर्छ: login, register, link।"],
            "more": ["यस्तो विवरण छैन।"],
        }

    def test_our_own_rules_and_refusals(self, client: FlaskClient, people: People) -> None:
        sita = people.join("sita")
        people.join("gita")
        headers = sita.headers | NEPALESE
        problem = self.told(client, "PATCH", "/api/users/me", json={"first_name": "..."}, headers=headers)
        assert problem["errors"] == {"first_name": ["अक्षर वा अङ्क लेख्नुहोस्।"]}
        problem = self.told(client, "PATCH", "/api/users/me", json={"username": "gita"}, headers=headers)
        assert (problem["code"], problem["detail"]) == ("username_taken", "यो नाम अरू कसैले लिइसकेको छ।")
        problem = self.told(client, "POST", "/api/auth/get-otp", json={"identifier": "nonsense"}, headers=NEPALESE)
        assert problem["errors"] == {"identifier": ["देशको कोडसहितको मोबाइल नम्बर वा इमेल ठेगाना लेख्नुहोस्।"]}

    def test_who_has_not_signed_in(self, client: FlaskClient) -> None:
        assert self.told(client, "GET", "/api/users/me", headers=NEPALESE)["title"] == "साइन इन चाहिन्छ"

    def test_what_has_passed_a_cache_is_told_apart(self, client: FlaskClient, clean: None) -> None:
        """Whatever looks at the language says so, also where nothing is refused."""
        assert "Accept-Language" in client.get("/api/content/faq").vary

    def test_what_never_became_a_request_is_told_in_english(self, app: Flask) -> None:
        import structlog

        with structlog.contextvars.bound_contextvars(request_id="x"):
            assert b"Content-Language: en" in problem_as_bytes(HTTPStatus.BAD_REQUEST)


class TestStates:
    """Each state that a refusal may name has a Nepali word."""

    def test_of_rentals_payments_refunds_and_texts(self) -> None:
        from powerbank.content.models import RevisionState as Text
        from powerbank.notifications.broadcasts.models import BroadcastStatus as Broadcast
        from powerbank.payments.models import IntentStatus as Intent
        from powerbank.payments.refunds.models import RefundStatus as Refund
        from powerbank.rentals.states import Status as Rental

        states = {str(state) for kind in (Broadcast, Intent, Refund, Rental, Text) for state in kind}
        assert states - WORDS.keys() == set()
