"""eSewa as documented: a signed form in, a signed way back, and a status for everything between."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scripts.sandbox import Sandbox
from scripts.sandbox.vendors.esewa import payments as esewa_payments
from scripts.sandbox.vendors.esewa.payments import sign
from tests.receiver import Receiver, receiving

SECRET = "8gBm/:&EnhH.1/q"


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def form(shop: Receiver) -> dict[str, str]:
    fields = {
        "amount": "1000",
        "tax_amount": "0",
        "product_service_charge": "0",
        "product_delivery_charge": "0",
        "total_amount": "1000",
        "transaction_uuid": "0199-top-up",
        "product_code": "EPAYTEST",
        "success_url": f"{shop.url}/return",
        "failure_url": f"{shop.url}/cancel",
        "signed_field_names": "total_amount,transaction_uuid,product_code",
    }
    return fields | {"signature": sign(fields, SECRET)}


@pytest.fixture
def post(sandbox: Sandbox, http: requests.Session) -> Callable[[dict[str, str]], requests.Response]:
    def post(form: dict[str, str]) -> requests.Response:
        url = f"{sandbox.url}/esewa/api/epay/main/v2/form"
        return http.post(url, data=form, allow_redirects=False, timeout=10)

    return post


@pytest.fixture
def turn(sandbox: Sandbox, http: requests.Session, form: dict[str, str], post: Any) -> Any:
    post(form)

    def turn(outcome: str, **more: Any) -> requests.Response:
        url = f"{sandbox.url}/api/gateways/esewa/payments/{form['transaction_uuid']}/outcome"
        return http.post(url, json={"outcome": outcome, **more}, timeout=20)

    return turn


@pytest.fixture
def status(sandbox: Sandbox, http: requests.Session) -> Any:
    def status(**changed: str) -> dict[str, Any]:
        asked = {"product_code": "EPAYTEST", "total_amount": "1000", "transaction_uuid": "0199-top-up"} | changed
        url = f"{sandbox.url}/esewa/api/epay/transaction/status/"
        return http.get(url, params=asked, timeout=10).json()

    return status


def data_of(path: str) -> tuple[str, dict[str, Any]]:
    text = base64.b64decode(parse_qs(urlsplit(path).query)["data"][0]).decode()
    return text, json.loads(text, parse_float=str)


def test_a_signed_form_opens_the_page(sandbox: Sandbox, form: dict[str, str], post: Any, status: Any) -> None:
    assert status()["status"] == "NOT_FOUND"
    answer = post(form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{sandbox.url}/pay/esewa/0199-top-up")
    assert status() == {
        "product_code": "EPAYTEST",
        "transaction_uuid": "0199-top-up",
        "total_amount": 1000.0,
        "status": "PENDING",
        "ref_id": None,
    }
    assert post(form).json()["error_message"] == "Duplicate transaction UUID."


@pytest.mark.parametrize(
    "changed",
    [
        {"total_amount": "10", "amount": "10"},
        {"transaction_uuid": "another"},
        {"signature": "AAAA"},
        {"signature": ""},
        {"signed_field_names": "total_amount"},
        {"product_code": "SOMEBODY"},
        {"tax_amount": "1"},
        {"failure_url": ""},
    ],
)
def test_a_form_that_was_changed_is_refused(
    sandbox: Sandbox, form: dict[str, str], post: Any, changed: dict[str, str]
) -> None:
    assert post(form | changed).status_code == 400
    assert sandbox.world.gateways.newest_first() == []


@pytest.mark.parametrize("uuid", ["with space", "under_score", "ü"])
def test_a_number_has_letters_digits_and_hyphens(form: dict[str, str], post: Any, uuid: str) -> None:
    fields = form | {"transaction_uuid": uuid}
    assert post(fields | {"signature": sign(fields, SECRET)}).status_code == 400


@pytest.mark.parametrize(
    ("outcome", "said", "path"),
    [
        ("completed", "COMPLETE", "/return"),
        ("pending", "PENDING", "/cancel"),
        ("ambiguous", "AMBIGUOUS", "/cancel"),
        ("cancelled", "CANCELED", "/cancel"),
        ("failed", "CANCELED", "/cancel"),
        ("expired", "NOT_FOUND", None),
    ],
)
def test_each_outcome_has_esewas_status_and_way_back(
    turn: Any, status: Any, shop: Receiver, outcome: str, said: str, path: str | None
) -> None:
    turn(outcome, notify=True)
    assert status()["status"] == said
    assert (status()["ref_id"] is not None) == (outcome == "completed")
    assert [got.path.partition("?")[0] for got in shop.got] == ([path] if path else [])


def test_the_way_back_is_signed_with_a_number_as_it_travels(turn: Any, status: Any, shop: Receiver) -> None:
    turn("completed", notify=True)
    text, fields = data_of(shop.got[0].path)
    assert '"total_amount":1000.0,' in text
    assert fields["signed_field_names"].split(",") == list(fields)[:-1]
    assert fields["signature"] == sign(fields, SECRET)
    assert (fields["status"], fields["transaction_code"]) == ("COMPLETE", status()["ref_id"])


def test_what_is_ambiguous_becomes_complete(turn: Any, status: Any) -> None:
    turn("ambiguous")
    assert status()["status"] == "AMBIGUOUS"
    turn("completed")
    assert status()["status"] == "COMPLETE"


def test_amounts_may_come_back_with_a_comma(sandbox: Sandbox, turn: Any, shop: Receiver) -> None:
    sandbox.faults.set("esewa", "comma_amount", times=1)
    turn("completed", notify=True)
    text, fields = data_of(shop.got[0].path)
    assert '"total_amount":"1,000.0"' in text
    assert fields["signature"] == sign(fields, SECRET)


def test_a_shortened_list_with_a_good_signature(sandbox: Sandbox, turn: Any, status: Any, shop: Receiver) -> None:
    sandbox.faults.set("esewa", "shortened_list", times=1)
    turn("cancelled", notify=True)
    _, fields = data_of(shop.got[0].path)
    assert (fields["status"], status()["status"]) == ("COMPLETE", "CANCELED")
    assert fields["signature"] == sign(fields, SECRET)


def test_an_amount_that_was_changed(sandbox: Sandbox, turn: Any, shop: Receiver) -> None:
    sandbox.faults.set("esewa", "tampered", times=1)
    turn("completed", notify=True)
    _, fields = data_of(shop.got[0].path)
    assert fields["signature"] != sign(fields, SECRET)


def test_another_amount_is_asked_for_or_paid(turn: Any, status: Any) -> None:
    turn("completed", amount=90_050)
    assert status()["total_amount"] == 900.5
    assert status(total_amount="1000.00")["status"] == "COMPLETE"
    assert status(total_amount="900.5")["status"] == "NOT_FOUND"


def test_the_status_may_be_unavailable_once(sandbox: Sandbox, turn: Any, status: Any) -> None:
    sandbox.faults.set("esewa", "service_unavailable", times=1)
    assert status() == {"code": 0, "error_message": "Service is currently unavailable"}
    assert status()["status"] == "PENDING"


def test_a_session_ends_by_itself(turn: Any, status: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(esewa_payments, "SESSION", timedelta(0))
    assert status()["status"] == "NOT_FOUND"


def test_the_merchant_refunds_by_hand(turn: Any, status: Any) -> None:
    assert turn("refunded").status_code == 409
    turn("completed")
    assert turn("refunded", amount=40_000).json()["payment"]["refunded"] == "400.00"
    assert status()["status"] == "PARTIAL_REFUND"
    turn("refunded")
    assert status()["status"] == "FULL_REFUND"
    assert turn("refunded", amount=1).status_code == 409
