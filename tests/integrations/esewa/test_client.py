"""eSewa's client against the sandbox, and its signatures against the vectors of its documentation."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.esewa.client import Esewa, read_paisa, write_rupees
from powerbank.integrations.esewa.signatures import verify_redirect
from powerbank.integrations.gateway import (
    ForgedError,
    NamedPayment,
    NotSupportedError,
    OpenedPayment,
    PaymentRequest,
    PaymentState,
)
from scripts.sandbox import Sandbox
from tests.receiver import Receiver

SECRET = "8gBm/:&EnhH.1/q"


# The first text that hypothesis makes takes seconds on a busy machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def verify_of(vendors: Sandbox, back: str) -> dict[str, str]:
    known = vendors.accounts
    return verify_redirect(data_in(back), secret=known.esewa_secret, product_code=known.esewa_product)


def post(opened: OpenedPayment) -> requests.Response:
    assert opened.form is not None
    return requests.post(opened.form.action, data=opened.form.fields, allow_redirects=False, timeout=10)


def look_up(esewa: Esewa, opened: OpenedPayment) -> Any:
    return esewa.look_up_payment(opened.reference, amount=15000, currency="NPR")


def data_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["data"][0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_a_form_is_taken_by_esewa(vendors: Sandbox, opened: OpenedPayment, payment_request: PaymentRequest) -> None:
    assert opened.form is not None
    assert opened.form.fields["total_amount"] == "150"
    assert (opened.reference, opened.payment_url) == (payment_request.intent_id, None)
    answer = post(opened)
    assert answer.headers["Location"] == f"{vendors.url}/pay/esewa/{payment_request.intent_id}"


def test_a_form_with_paisa_is_taken_too(esewa: Esewa, payment_request: PaymentRequest, turn: Any) -> None:
    opened = esewa.open_payment(replace(payment_request, amount=15050), key="k")
    assert post(opened).status_code == 303
    turn("esewa", opened.reference, "completed")
    assert esewa.look_up_payment(opened.reference, amount=15050, currency="NPR").amount == 15050


@pytest.mark.parametrize(
    "changed", [{"currency": "USD"}, {"intent_id": "with space"}, {"return_url": "http://127.0.0.1:1/return?a=b"}]
)
def test_payments_that_esewa_cannot_take_are_refused(
    esewa: Esewa, payment_request: PaymentRequest, changed: dict[str, str]
) -> None:
    with pytest.raises(VendorRefusedError):
        esewa.open_payment(replace(payment_request, **changed), key="k")


@pytest.mark.parametrize(
    ("outcomes", "state", "final"),
    [
        (None, PaymentState.EXPIRED, False),  # the form was not posted
        ([], PaymentState.PENDING, False),
        (["completed"], PaymentState.PAID, True),
        (["pending"], PaymentState.PENDING, False),
        (["ambiguous"], PaymentState.PENDING, False),
        (["ambiguous", "completed"], PaymentState.PAID, True),
        (["cancelled"], PaymentState.CANCELLED, True),
        (["failed"], PaymentState.CANCELLED, True),
        (["expired"], PaymentState.EXPIRED, False),
        (["completed", "refunded"], PaymentState.REFUNDED, True),
    ],
)
def test_each_status_of_esewa_becomes_a_state(
    esewa: Esewa, opened: OpenedPayment, turn: Any, outcomes: list[str] | None, state: PaymentState, final: bool
) -> None:
    if outcomes is not None:
        post(opened)
    for outcome in outcomes or []:
        turn("esewa", opened.reference, outcome)
    payment = look_up(esewa, opened)
    assert (payment.state, payment.final) == (state, final)
    assert (payment.amount, payment.currency) == (15000, "NPR")
    assert (payment.payment_id is not None) == ("completed" in (outcomes or []))


def test_part_of_it_is_refunded(esewa: Esewa, opened: OpenedPayment, turn: Any) -> None:
    post(opened)
    turn("esewa", opened.reference, "completed")
    turn("esewa", opened.reference, "refunded", amount=5000)
    payment = look_up(esewa, opened)
    assert (payment.state, payment.raw["status"]) == (PaymentState.PARTLY_REFUNDED, "PARTIAL_REFUND")


def test_another_amount_is_told_as_it_is(esewa: Esewa, opened: OpenedPayment, turn: Any) -> None:
    post(opened)
    turn("esewa", opened.reference, "completed", amount=14000)
    assert look_up(esewa, opened).amount == 14000


@pytest.mark.parametrize("fault", ["service_unavailable", "error", "unavailable", "html", "drop"])
def test_faults_of_esewa_are_transient(vendors: Sandbox, esewa: Esewa, opened: OpenedPayment, fault: str) -> None:
    post(opened)
    vendors.faults.set("esewa", fault, times=2)
    with pytest.raises(VendorError):
        look_up(esewa, opened)
    vendors.faults.clear()
    assert look_up(esewa, opened).state is PaymentState.PENDING


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'"total_amount": "1,000.0", "status": "COMPLETE", "ref_id": "1"', PaymentState.PAID),
        (b'"total_amount": 1000, "status": "FROZEN", "ref_id": null', PaymentState.UNKNOWN),
        (b'"total_amount": null, "status": "PENDING", "ref_id": null', PaymentState.PENDING),
    ],
)
def test_answers_as_others_have_seen_them(receiver: Receiver, body: bytes, state: PaymentState) -> None:
    receiver.body = b'{"product_code": "EPAYTEST", "transaction_uuid": "u", ' + body + b"}"
    client = Esewa(form_url="http://x", status_url=receiver.url, product_code="EPAYTEST", secret=SECRET)
    payment = client.look_up_payment("u", amount=100_000, currency="NPR")
    assert payment.state is state
    assert payment.amount == (None if state is PaymentState.PENDING else 100_000)


@pytest.mark.parametrize(
    "body",
    [
        b'"transaction_uuid": "another", "total_amount": 1000, "status": "COMPLETE", "ref_id": "1"',
        b'"transaction_uuid": "u", "total_amount": 1000, "status": "COMPLETE", "ref_id": null',
        b'"transaction_uuid": "u", "total_amount": 10.005, "status": "COMPLETE", "ref_id": "1"',
        b'"transaction_uuid": "u", "total_amount": true, "status": "COMPLETE", "ref_id": "1"',
    ],
)
def test_a_success_that_does_not_hold_together(receiver: Receiver, body: bytes) -> None:
    receiver.body = b'{"product_code": "EPAYTEST", ' + body + b"}"
    client = Esewa(form_url="http://x", status_url=receiver.url, product_code="EPAYTEST", secret=SECRET)
    with pytest.raises(VendorError):
        client.look_up_payment("u", amount=100_000, currency="NPR")


def test_the_way_back_names_the_payment(vendors: Sandbox, esewa: Esewa, opened: OpenedPayment, turn: Any) -> None:
    post(opened)
    back = turn("esewa", opened.reference, "cancelled")["payment"]["redirect"]
    assert back.startswith("http://127.0.0.1:1/cancel?")
    own = NamedPayment(opened.reference, opened.reference)
    assert esewa.named_in_redirect({n: v[0] for n, v in parse_qs(urlsplit(back).query).items()}) == own
    back = turn("esewa", opened.reference, "completed")["payment"]["redirect"]
    assert esewa.named_in_redirect({"data": data_in(back)}) == own
    assert verify_of(vendors, back)["total_amount"] == "150.0"


@pytest.mark.parametrize(("fault", "genuine"), [("comma_amount", True), ("tampered", False), ("shortened_list", False)])
def test_ways_back_with_a_fault(
    vendors: Sandbox, esewa: Esewa, payment_request: PaymentRequest, turn: Any, fault: str, genuine: bool
) -> None:
    opened = esewa.open_payment(replace(payment_request, amount=1_234_550), key="k")
    post(opened)
    vendors.faults.set("esewa", fault, times=1)
    back = turn("esewa", opened.reference, "completed")["payment"]["redirect"]
    if not genuine:
        with pytest.raises(ForgedError):
            verify_of(vendors, back)
        assert esewa.named_in_redirect({"data": data_in(back)}) == NamedPayment()
        return
    fields = verify_of(vendors, back)
    assert fields["total_amount"] == "12,345.5"
    assert read_paisa(fields["total_amount"]) == 1_234_550


def test_esewa_offers_no_refunds(esewa: Esewa) -> None:
    with pytest.raises(NotSupportedError):
        esewa.refund("1", amount=100, currency="NPR", key="k")
    assert not esewa.can_refund


@unhurried
@given(st.integers(min_value=0, max_value=10**15))
def test_paisa_survive_the_way_there_and_back(paisa: int) -> None:
    assert read_paisa(write_rupees(paisa)) == paisa


@unhurried
@given(JSON)
def test_any_amount_is_paisa_or_nothing(said: Any) -> None:
    found = read_paisa(said)
    assert found is None or found >= 0


@pytest.mark.parametrize("said", [-1, 1e300, float("inf"), "NaN", "1_000", "١٠٠", "1e5", "", " ", None, True, "0.001"])
def test_an_answer_without_an_amount_is_read_as_none(said: Any) -> None:
    assert read_paisa(said) is None
