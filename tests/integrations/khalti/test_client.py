"""Khalti's client against the sandbox: every row of its table, and its faults."""

from dataclasses import replace
from typing import Any

import pytest

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import (
    NotSupportedError,
    OpenedPayment,
    PaymentRequest,
    PaymentState,
    RefundState,
    UnknownPaymentError,
)
from powerbank.integrations.khalti.client import Khalti
from scripts.sandbox import Sandbox
from tests.receiver import Receiver


@pytest.fixture
def khalti(vendors: Sandbox) -> Khalti:
    base = f"{vendors.url}/khalti/api/v2"
    return Khalti(url=base, secret=vendors.accounts.khalti_secret, website_url="http://127.0.0.1:1")


@pytest.fixture
def opened(khalti: Khalti, payment_request: PaymentRequest) -> OpenedPayment:
    return khalti.open_payment(payment_request, key="k")


def look_up(khalti: Khalti, opened: OpenedPayment) -> Any:
    return khalti.look_up_payment(opened.reference, amount=15000, currency="NPR")


def test_a_payment_is_opened(vendors: Sandbox, opened: OpenedPayment, khalti: Khalti) -> None:
    assert opened.payment_url == f"{vendors.url}/pay/khalti/{opened.reference}"
    assert opened.form is None
    assert look_up(khalti, opened).state is PaymentState.OPEN


@pytest.mark.parametrize(
    ("outcomes", "state", "final"),
    [
        ([], PaymentState.OPEN, False),
        (["completed"], PaymentState.PAID, True),
        (["pending"], PaymentState.PENDING, False),
        (["pending", "completed"], PaymentState.PAID, True),
        (["cancelled"], PaymentState.CANCELLED, True),
        (["failed"], PaymentState.EXPIRED, True),
        (["expired"], PaymentState.EXPIRED, True),
        (["completed", "refunded"], PaymentState.REFUNDED, True),
    ],
)
def test_each_status_of_khalti_becomes_a_state(
    khalti: Khalti, opened: OpenedPayment, turn: Any, outcomes: list[str], state: PaymentState, final: bool
) -> None:
    for outcome in outcomes:
        turn("khalti", opened.reference, outcome)
    payment = look_up(khalti, opened)
    assert (payment.state, payment.final) == (state, final)
    assert (payment.amount, payment.currency) == (15000, "NPR")
    assert (payment.payment_id is not None) == ("completed" in outcomes)


@pytest.mark.parametrize(
    ("status", "said", "state"),
    [
        (200, "refunded", PaymentState.REFUNDED),
        (200, "Partially refunded", PaymentState.PARTLY_REFUNDED),
        (200, "Frozen", PaymentState.UNKNOWN),
        (400, "Frozen", PaymentState.UNKNOWN),
        (200, "Expired", PaymentState.EXPIRED),
    ],
)
def test_words_as_others_have_seen_them(receiver: Receiver, status: int, said: str, state: PaymentState) -> None:
    receiver.status = status
    receiver.body = b'{"pidx": "p", "status": "%s", "total_amount": 1000, "transaction_id": null}' % said.encode()
    payment = Khalti(url=receiver.url, secret="s", website_url="").look_up_payment("p", amount=1000, currency="NPR")
    assert payment.state is state
    assert payment.final == (state is not PaymentState.UNKNOWN)


@pytest.mark.parametrize(
    "body",
    [
        b'{"pidx": "another", "status": "Completed", "total_amount": 1000, "transaction_id": "t"}',
        b'{"pidx": "p", "status": "Completed", "total_amount": 1000, "transaction_id": null}',
        b'{"pidx": "p", "status": "Completed", "total_amount": true, "transaction_id": "t"}',
        b'{"pidx": "p", "status": "Completed", "total_amount": 10.5, "transaction_id": "t"}',
    ],
)
def test_a_success_that_does_not_hold_together(receiver: Receiver, body: bytes) -> None:
    receiver.body = body
    with pytest.raises(VendorError):
        Khalti(url=receiver.url, secret="s", website_url="").look_up_payment("p", amount=1000, currency="NPR")


def test_a_success_with_400_is_none(receiver: Receiver) -> None:
    receiver.status = 400
    receiver.body = b'{"pidx": "p", "status": "Completed", "total_amount": 1000, "transaction_id": "t"}'
    with pytest.raises(VendorError):
        Khalti(url=receiver.url, secret="s", website_url="").look_up_payment("p", amount=1000, currency="NPR")


def test_another_amount_is_told_as_it_is(khalti: Khalti, opened: OpenedPayment, turn: Any) -> None:
    turn("khalti", opened.reference, "completed", amount=14000)
    assert look_up(khalti, opened).amount == 14000


def test_nothing_of_the_payer_is_kept(khalti: Khalti, opened: OpenedPayment, turn: Any) -> None:
    turn("khalti", opened.reference, "completed")
    assert set(look_up(khalti, opened).raw) <= {"pidx", "total_amount", "status", "transaction_id", "fee", "refunded"}


def test_refusals_are_for_good_and_name_fields_only(khalti: Khalti, payment_request: PaymentRequest) -> None:
    with pytest.raises(VendorRefusedError, match="amount") as refused:
        khalti.open_payment(replace(payment_request, amount=999), key="k")
    assert "999" not in str(refused.value)
    with pytest.raises(VendorRefusedError):
        khalti.open_payment(replace(payment_request, currency="USD"), key="k")
    with pytest.raises(UnknownPaymentError):
        khalti.look_up_payment("nobody", amount=1, currency="NPR")


def test_a_wrong_key_is_refused(vendors: Sandbox, payment_request: PaymentRequest) -> None:
    with pytest.raises(VendorRefusedError, match="401"):
        Khalti(url=f"{vendors.url}/khalti/api/v2", secret="wrong", website_url="http://127.0.0.1:1").open_payment(
            payment_request, key="k"
        )


@pytest.mark.parametrize("fault", ["error", "unavailable", "html", "drop"])
def test_faults_of_khalti_are_transient(
    vendors: Sandbox, khalti: Khalti, opened: OpenedPayment, payment_request: PaymentRequest, fault: str
) -> None:
    vendors.faults.set("khalti", fault, times=3)
    with pytest.raises(VendorError):
        khalti.open_payment(payment_request, key="k")
    with pytest.raises(VendorError):
        look_up(khalti, opened)
    vendors.faults.clear()
    assert look_up(khalti, opened).state is PaymentState.OPEN


def test_a_refund_flips_the_lookup(khalti: Khalti, opened: OpenedPayment, turn: Any) -> None:
    turn("khalti", opened.reference, "completed")
    paid = look_up(khalti, opened)
    assert khalti.refund(paid.payment_id, amount=5000, currency="NPR", key="k").state is RefundState.SUCCEEDED
    assert look_up(khalti, opened).raw["status"] == "Partially Refunded"
    assert khalti.refund(paid.payment_id, amount=10000, currency="NPR", key="k2").state is RefundState.SUCCEEDED
    assert look_up(khalti, opened).state is PaymentState.REFUNDED
    with pytest.raises(VendorRefusedError):
        khalti.refund(paid.payment_id, amount=10000, currency="NPR", key="k3")
    with pytest.raises(NotSupportedError):
        khalti.look_up_refund("r")


def test_a_refund_without_an_answer_is_done_once_and_seen_in_the_lookup(
    vendors: Sandbox, khalti: Khalti, opened: OpenedPayment, turn: Any
) -> None:
    turn("khalti", opened.reference, "completed")
    number = look_up(khalti, opened).payment_id
    vendors.faults.set("khalti", "hang_after_success", times=1, seconds=0, match="refund")
    with pytest.raises(VendorError):
        khalti.refund(number, amount=5000, currency="NPR", key="k")
    assert look_up(khalti, opened).raw["status"] == "Partially Refunded"
    assert vendors.world.gateways.get("khalti").find(opened.reference).refunded == 5000


def test_a_refund_to_a_bank_payer_is_refused(
    vendors: Sandbox, khalti: Khalti, opened: OpenedPayment, turn: Any
) -> None:
    vendors.faults.set("khalti", "paid_by_bank", times=1)
    turn("khalti", opened.reference, "completed")
    number = look_up(khalti, opened).payment_id
    with pytest.raises(VendorRefusedError, match="mobile"):
        khalti.refund(number, amount=15000, currency="NPR", key="k")


def test_a_way_back_is_a_hint(khalti: Khalti) -> None:
    named = khalti.named_in_redirect({"pidx": "p", "purchase_order_id": "intent-1", "status": "Completed"})
    assert (named.reference, named.intent_id) == ("p", "intent-1")
    assert khalti.named_in_redirect({"pidx": ""}).reference is None
