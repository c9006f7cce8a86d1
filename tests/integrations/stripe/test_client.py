"""Stripe's client, with Stripe's own package, against the sandbox."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import OpenedPayment, PaymentRequest, PaymentState, RefundState, UnknownPaymentError
from powerbank.integrations.stripe.answers import THREE_DECIMAL, TWO_ZEROS, from_stripe, to_stripe
from powerbank.integrations.stripe.client import Stripe
from scripts.sandbox import Sandbox

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stripe(vendors: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    known = vendors.accounts
    return Stripe(secret=known.stripe_secret, webhook_secret=known.stripe_webhook_secret, url=f"{vendors.url}/stripe")


@pytest.fixture
def opened(stripe: Stripe, dollars: PaymentRequest) -> OpenedPayment:
    return stripe.open_payment(dollars, key="k-open")


def look_up(stripe: Stripe, opened: OpenedPayment) -> Any:
    return stripe.look_up_payment(opened.reference, amount=500, currency="USD")


def test_a_session_is_opened(vendors: Sandbox, stripe: Stripe, opened: OpenedPayment, dollars: PaymentRequest) -> None:
    assert opened.payment_url == f"{vendors.url}/pay/stripe/{opened.reference}"
    assert dollars.expires_at is not None
    ends = vendors.world.gateways.get("stripe").objects[opened.reference]["expires_at"]  # type: ignore[union-attr]
    assert abs(ends - (dollars.expires_at + timedelta(minutes=30)).timestamp()) < 2
    page = requests.get(opened.payment_url, timeout=10).text
    assert "USD</span> 5.00" in page


def test_a_repeat_is_the_same_session(
    stripe: Stripe, opened: OpenedPayment, dollars: PaymentRequest, vendors: Sandbox
) -> None:
    assert stripe.open_payment(dollars, key="k-open") == opened
    assert stripe.open_payment(dollars, key="k-other").reference != opened.reference
    assert len(vendors.world.gateways.newest_first()) == 2


def test_a_late_start_still_gets_its_session(stripe: Stripe, dollars: PaymentRequest) -> None:
    almost_over = replace(dollars, expires_at=datetime.now(UTC) + timedelta(seconds=30))
    assert stripe.open_payment(almost_over, key="k").reference


@pytest.mark.parametrize(
    ("outcomes", "state", "final"),
    [
        ([], PaymentState.OPEN, False),
        (["completed"], PaymentState.PAID, True),
        (["pending"], PaymentState.PENDING, False),
        (["pending", "completed"], PaymentState.PAID, True),
        (["pending", "failed"], PaymentState.FAILED, True),
        (["failed"], PaymentState.FAILED, True),
        (["declined"], PaymentState.OPEN, False),
        (["declined", "completed"], PaymentState.PAID, True),
        (["cancelled"], PaymentState.OPEN, False),
        (["expired"], PaymentState.EXPIRED, True),
        (["completed", "refunded"], PaymentState.REFUNDED, True),
        (["completed", "disputed"], PaymentState.PAID, True),
    ],
)
def test_each_status_of_stripe_becomes_a_state(
    stripe: Stripe, opened: OpenedPayment, turn: Any, outcomes: list[str], state: PaymentState, final: bool
) -> None:
    for outcome in outcomes:
        turn("stripe", opened.reference, outcome)
    payment = look_up(stripe, opened)
    assert (payment.state, payment.final) == (state, final)
    assert (payment.amount, payment.currency) == (500, "USD")
    assert (payment.payment_id is not None) == bool({"completed", "pending", "failed", "declined"} & set(outcomes))


def test_another_amount_is_told_as_it_is(stripe: Stripe, opened: OpenedPayment, turn: Any) -> None:
    turn("stripe", opened.reference, "completed", amount=499)
    assert look_up(stripe, opened).amount == 499


def test_yen_have_no_smaller_unit(stripe: Stripe, dollars: PaymentRequest, turn: Any) -> None:
    opened = stripe.open_payment(replace(dollars, currency="JPY", amount=750), key="k")
    turn("stripe", opened.reference, "completed")
    payment = stripe.look_up_payment(opened.reference, amount=750, currency="JPY")
    assert (payment.amount, payment.currency) == (750, "JPY")


def test_a_currency_with_two_zeros_too_many(
    stripe: Stripe, dollars: PaymentRequest, turn: Any, vendors: Sandbox
) -> None:
    opened = stripe.open_payment(replace(dollars, currency="UGX", amount=750), key="k")
    turn("stripe", opened.reference, "completed")
    payment = stripe.look_up_payment(opened.reference, amount=750, currency="UGX")
    assert (payment.amount, payment.currency) == (750, "UGX")
    part = stripe.refund(payment.payment_id, amount=50, currency="UGX", key="r")
    assert part.amount == 50
    assert stripe.look_up_payment(opened.reference, amount=750, currency="UGX").refunded == 50


@pytest.mark.parametrize("currency", ["USD", "NPR", "JPY", "UGX", "ISK", "KWD"])
def test_an_amount_comes_back_from_stripe_as_it_was_sent(currency: str) -> None:
    assert from_stripe(to_stripe(1230, currency), currency) == 1230
    assert to_stripe(1230, currency) == (123_000 if currency in TWO_ZEROS else 1230)


def test_three_decimals_go_by_tens() -> None:
    for currency in THREE_DECIMAL:
        with pytest.raises(VendorRefusedError):
            to_stripe(1234, currency)


def test_a_refund_is_followed_until_it_is_settled(
    vendors: Sandbox, stripe: Stripe, opened: OpenedPayment, turn: Any
) -> None:
    turn("stripe", opened.reference, "completed")
    payment_id = look_up(stripe, opened).payment_id
    vendors.faults.set("stripe", "refund_pending", times=1)
    slow = stripe.refund(payment_id, amount=200, currency="USD", key="r1")
    assert (slow.state, slow.amount) == (RefundState.PENDING, 200)
    assert (look_up(stripe, opened).state, look_up(stripe, opened).refunded) == (PaymentState.PARTLY_REFUNDED, 200)
    url = f"{vendors.url}/api/gateways/stripe/refunds/{slow.reference}/outcome"
    requests.post(url, json={"outcome": "failed"}, timeout=10)
    assert stripe.look_up_refund(slow.reference or "").state is RefundState.FAILED
    assert look_up(stripe, opened).state is PaymentState.PAID
    rest = stripe.refund(payment_id, amount=500, currency="USD", key="r2")
    assert (rest.state, rest.amount) == (RefundState.SUCCEEDED, 500)
    with pytest.raises(VendorRefusedError, match="charge_already_refunded"):
        stripe.refund(payment_id, amount=500, currency="USD", key="r3")


def test_a_refund_is_made_once_under_its_key(
    vendors: Sandbox, stripe: Stripe, opened: OpenedPayment, turn: Any
) -> None:
    turn("stripe", opened.reference, "completed")
    payment_id = look_up(stripe, opened).payment_id
    vendors.faults.set("stripe", "hang_after_success", times=2, seconds=0, match="refund")
    with pytest.raises(VendorError):
        stripe.refund(payment_id, amount=200, currency="USD", key="r1")
    first = stripe.refund(payment_id, amount=200, currency="USD", key="r1")
    assert stripe.refund(payment_id, amount=200, currency="USD", key="r1") == first
    assert look_up(stripe, opened).refunded == 200
    with pytest.raises(VendorRefusedError):
        stripe.refund(payment_id, amount=100, currency="USD", key="r1")


def test_a_failure_that_sticks_to_its_key_is_found_to_be_done(
    vendors: Sandbox, stripe: Stripe, opened: OpenedPayment, turn: Any
) -> None:
    turn("stripe", opened.reference, "completed")
    payment_id = look_up(stripe, opened).payment_id
    vendors.faults.set("stripe", "stored_error", times=1)
    refund = stripe.refund(payment_id, amount=200, currency="USD", key="r1")
    assert (refund.state, look_up(stripe, opened).refunded) == (RefundState.SUCCEEDED, 200)


def test_a_failure_that_sticks_to_its_key_opens_another_session(
    vendors: Sandbox, stripe: Stripe, dollars: PaymentRequest
) -> None:
    vendors.faults.set("stripe", "stored_error", times=1)
    assert stripe.open_payment(dollars, key="k").reference == stripe.open_payment(dollars, key="k").reference


def test_refusals_of_stripe_are_permanent(vendors: Sandbox, stripe: Stripe, dollars: PaymentRequest) -> None:
    with pytest.raises(VendorRefusedError, match="amount_too_small"):
        stripe.open_payment(replace(dollars, amount=1), key="k")
    with pytest.raises(UnknownPaymentError):
        stripe.look_up_payment("cs_test_nobody", amount=500, currency="USD")
    with pytest.raises(VendorRefusedError, match="401"):
        Stripe(secret="sk_test_wrong", webhook_secret="w", url=f"{vendors.url}/stripe").open_payment(dollars, key="k")


@pytest.mark.parametrize("fault", ["error", "unavailable", "html", "drop"])
def test_faults_of_stripe_are_transient(vendors: Sandbox, stripe: Stripe, opened: OpenedPayment, fault: str) -> None:
    vendors.faults.set("stripe", fault, times=4)
    with pytest.raises(VendorError):
        look_up(stripe, opened)
    vendors.faults.clear()
    assert look_up(stripe, opened).state is PaymentState.OPEN


@pytest.mark.parametrize("fault", ["error", "drop", "hang_after_success"])
def test_one_fault_is_not_even_noticed(vendors: Sandbox, stripe: Stripe, dollars: PaymentRequest, fault: str) -> None:
    vendors.faults.set("stripe", fault, times=1, seconds=0)
    assert stripe.open_payment(dollars, key="k").reference
    assert len(vendors.world.gateways.newest_first()) == 1


def test_the_ways_back_name_the_payment(
    stripe: Stripe, opened: OpenedPayment, dollars: PaymentRequest, turn: Any
) -> None:
    cancelled = turn("stripe", opened.reference, "cancelled")["payment"]["redirect"]
    assert cancelled == f"http://127.0.0.1:1/cancel?intent_id={dollars.intent_id}"
    paid = turn("stripe", opened.reference, "completed")["payment"]["redirect"]
    assert paid == f"http://127.0.0.1:1/return?session_id={opened.reference}"
    assert stripe.named_in_redirect({"session_id": "cs"}).reference == "cs"
    assert stripe.named_in_redirect({"intent_id": "i"}).intent_id == "i"


def test_nothing_is_written_into_the_home_directory(vendors: Sandbox, tmp_path: Path) -> None:
    code = (
        "from powerbank.integrations.stripe.client import Stripe\n"
        f"client = Stripe(secret='sk_test_sandbox', webhook_secret='w', url='{vendors.url}/stripe')\n"
        "assert client.list_refunds('pi_1') == []\n"
    )
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [*tmp_path.rglob("*")] == []
