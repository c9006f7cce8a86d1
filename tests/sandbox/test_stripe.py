"""Stripe through its own package: Checkout, idempotency, refunds, disputes, and webhooks in any order."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import stripe

from scripts.sandbox import Sandbox
from tests.nursery import wait_until
from tests.receiver import Receiver, receiving

SECRET = "whsec_sandbox"


@pytest.fixture
def shop(sandbox: Sandbox, http: requests.Session) -> Iterator[Receiver]:
    with receiving() as receiver:
        assert http.put(f"{sandbox.url}/stripe/webhook", json={"url": receiver.url}, timeout=10).status_code == 200
        yield receiver


@pytest.fixture
def client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> stripe.StripeClient:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    return stripe.StripeClient("sk_test_sandbox", base_addresses={"api": f"{sandbox.url}/stripe"})


def asked(currency: str = "usd", amount: int = 500, **more: Any) -> Any:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Top-up"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "http://127.0.0.1:1/ok?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:1/cancel",
        "client_reference_id": "intent-1",
        "payment_intent_data": {"metadata": {"intent_id": "intent-1"}},
    } | more


@pytest.fixture
def session(client: stripe.StripeClient) -> Any:
    return client.v1.checkout.sessions.create(asked())


@pytest.fixture
def turn(sandbox: Sandbox, http: requests.Session, session: Any) -> Callable[..., Any]:
    def turn(outcome: str, id_: str = session.id, **more: Any) -> Any:
        url = f"{sandbox.url}/api/gateways/stripe/payments/{id_}/outcome"
        return http.post(url, json={"outcome": outcome, **more}, timeout=20).json()

    return turn


def again(client: stripe.StripeClient, session: Any) -> Any:
    return client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})


def wait_for(receiver: Receiver, count: int) -> None:
    wait_until(lambda: len(receiver.got) >= count, 5, f"{count} webhooks came")


def types(receiver: Receiver) -> list[str]:
    return [json.loads(got.body)["type"] for got in receiver.got]


def test_a_session_is_open_until_it_is_paid(
    sandbox: Sandbox, client: stripe.StripeClient, session: Any, turn: Any
) -> None:
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.url == f"{sandbox.url}/pay/stripe/{session.id}"
    answer = turn("completed")
    assert answer["payment"]["redirect"] == f"http://127.0.0.1:1/ok?session_id={session.id}"
    paid = again(client, session)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    assert (paid.payment_intent.status, paid.payment_intent.amount_received) == ("succeeded", 500)
    assert paid.payment_intent.metadata["intent_id"] == "intent-1"
    assert paid.payment_intent.latest_charge.amount_refunded == 0
    found = client.v1.checkout.sessions.list({"payment_intent": paid.payment_intent.id})
    assert [one.id for one in found.data] == [session.id]


@pytest.mark.parametrize(
    ("wanted", "param", "code"),
    [
        (asked(amount=49), "line_items", "amount_too_small"),
        (asked("kwd", 12345), "line_items", "invalid_charge_amount"),
        (asked("ugx", 150), "line_items", "invalid_charge_amount"),
        (asked(expires_at=int(time.time()) + 60), "expires_at", None),
        (asked(success_url=""), "success_url", "parameter_missing"),
        (asked(colour="red"), "colour", "parameter_unknown"),
        (asked(mode="setup"), "mode", None),
    ],
)
def test_a_wrong_field_is_named(client: stripe.StripeClient, wanted: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(wanted)
    assert (refused.value.param, refused.value.code) == (param, code)


def test_yen_have_no_smaller_unit(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    client.v1.checkout.sessions.create(asked("jpy", 500))
    client.v1.checkout.sessions.create(asked("kwd", 1230))
    assert [one.amount for one in sandbox.world.gateways.newest_first()] == ["1.230", "500"]


def test_a_wrong_key_is_refused(sandbox: Sandbox) -> None:
    stranger = stripe.StripeClient("sk_test_wrong", base_addresses={"api": f"{sandbox.url}/stripe"})
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.checkout.sessions.create(asked())


def test_an_unknown_session_is_not_found(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.retrieve("cs_test_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("outcome", "status", "payment_status", "intent", "events"),
    [
        ("pending", "complete", "unpaid", "processing", ["payment_intent.processing", "checkout.session.completed"]),
        (
            "failed",
            "complete",
            "unpaid",
            "requires_payment_method",
            ["payment_intent.payment_failed", "checkout.session.completed", "checkout.session.async_payment_failed"],
        ),
        ("declined", "open", "unpaid", "requires_payment_method", ["payment_intent.payment_failed"]),
        ("cancelled", "open", "unpaid", None, []),
        ("expired", "expired", "unpaid", None, ["checkout.session.expired"]),
        (
            "completed",
            "complete",
            "paid",
            "succeeded",
            ["payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"],
        ),
    ],
)
def test_each_outcome_has_stripes_states_and_events(
    client: stripe.StripeClient,
    session: Any,
    shop: Receiver,
    turn: Any,
    outcome: str,
    status: str,
    payment_status: str,
    intent: str | None,
    events: list[str],
) -> None:
    turn(outcome, notify=True)
    found = again(client, session)
    assert (found.status, found.payment_status) == (status, payment_status)
    assert (found.payment_intent.status if found.payment_intent else None) == intent
    assert types(shop) == events


def test_what_is_slow_is_paid_later(client: stripe.StripeClient, session: Any, shop: Receiver, turn: Any) -> None:
    turn("pending")
    turn("completed", notify=True)
    assert types(shop)[-1] == "checkout.session.async_payment_succeeded"
    assert again(client, session).payment_status == "paid"


def test_webhooks_are_signed_and_are_the_same_each_time(shop: Receiver, turn: Any) -> None:
    turn("completed", repeat=2)
    assert len(shop.got) == 6
    for got in shop.got:
        stripe.Webhook.construct_event(got.body, got.headers["stripe-signature"], SECRET)
    assert len({json.loads(got.body)["id"] for got in shop.got}) == 3
    turn("completed", notify=True)
    assert len({json.loads(got.body)["id"] for got in shop.got}) == 3


def test_webhooks_may_come_reversed_doubled_or_not_at_all(sandbox: Sandbox, shop: Receiver, turn: Any) -> None:
    sandbox.faults.set("stripe", "webhooks_reversed", times=1)
    sandbox.faults.set("stripe", "webhooks_doubled", times=1)
    turn("completed", notify=True)
    assert types(shop) == ["checkout.session.completed", "charge.succeeded", "payment_intent.succeeded"] * 2
    shop.got.clear()
    sandbox.faults.set("stripe", "webhook_lost", times=1)
    assert turn("completed", notify=True)["notified"] == []
    for fault in ("webhook_forged", "webhook_old"):
        shop.got.clear()
        sandbox.faults.set("stripe", fault, times=1)
        turn("completed", notify=True)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(shop.got[0].body, shop.got[0].headers["stripe-signature"], SECRET)
    sandbox.faults.set("stripe", "webhook_future", times=1)
    turn("completed", notify=True)
    assert int(shop.got[-1].headers["stripe-signature"][2:].split(",")[0]) > time.time() + 3000


def test_paying_on_the_page_tells_of_it_and_repeats_until_taken(
    http: requests.Session, session: Any, shop: Receiver
) -> None:
    shop.status = 500
    http.post(session.url, data={"outcome": "completed"}, allow_redirects=False, timeout=10)
    wait_for(shop, 3)
    shop.status = 200
    wait_for(shop, 6)
    assert len(shop.got) == 6


def test_events_can_be_read_again(client: stripe.StripeClient, turn: Any) -> None:
    turn("completed")
    found = client.v1.events.list({"limit": 2})
    assert ([one.type for one in found.data], found.has_more) == (
        ["checkout.session.completed", "charge.succeeded"],
        True,
    )
    rest = client.v1.events.list({"starting_after": found.data[-1].id})
    assert [one.type for one in rest.data] == ["payment_intent.succeeded"]
    assert client.v1.events.retrieve(found.data[0].id).data.object["client_reference_id"] == "intent-1"


def test_the_same_key_gives_the_same_answer(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    first = client.v1.checkout.sessions.create(asked(), {"idempotency_key": "k1"})
    second = client.v1.checkout.sessions.create(asked(), {"idempotency_key": "k1"})
    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(asked(amount=600), {"idempotency_key": "k1"})
    assert len(sandbox.world.gateways.newest_first()) == 1


def test_a_refusal_is_not_kept_and_a_failure_is(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(asked(mode=""), {"idempotency_key": "k1"})
    assert client.v1.checkout.sessions.create(asked(), {"idempotency_key": "k1"}).id
    sandbox.faults.set("stripe", "stored_error", times=1)
    for replayed in (None, "true"):
        with pytest.raises(stripe.APIError) as failed:
            client.v1.checkout.sessions.create(asked(), {"idempotency_key": "k2"})
        assert (failed.value.http_status, failed.value.headers.get("Idempotent-Replayed")) == (500, replayed)


def test_refunds_are_bounded_and_told(client: stripe.StripeClient, session: Any, shop: Receiver, turn: Any) -> None:
    assert turn("completed")["payment"]["refunded"] == "0.00"
    intent = again(client, session).payment_intent.id
    part = client.v1.refunds.create({"payment_intent": intent, "amount": 200, "reason": "requested_by_customer"})
    assert (part.status, part.amount) == ("succeeded", 200)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent, "amount": 301})
    assert client.v1.refunds.create({"payment_intent": intent}).amount == 300
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    assert again(client, session).payment_intent.latest_charge.refunded is True
    wait_for(shop, 4)
    assert sorted(types(shop)) == ["charge.refunded"] * 2 + ["refund.created"] * 2
    assert turn("completed")["payment"]["refunded"] == "5.00"


def test_a_pending_refund_may_fail_later(
    sandbox: Sandbox, http: requests.Session, client: stripe.StripeClient, session: Any, shop: Receiver, turn: Any
) -> None:
    turn("completed")
    sandbox.faults.set("stripe", "refund_pending", times=1)
    refund = client.v1.refunds.create({"payment_intent": again(client, session).payment_intent.id})
    assert refund.status == "pending"
    wait_for(shop, 2)
    url = f"{sandbox.url}/api/gateways/stripe/refunds/{refund.id}/outcome"
    assert http.post(url, json={"outcome": "failed", "notify": True}, timeout=20).status_code == 200
    assert types(shop)[-1] == "refund.failed"
    assert client.v1.refunds.retrieve(refund.id).status == "failed"
    assert again(client, session).payment_intent.latest_charge.amount_refunded == 0
    assert http.post(url, json={"outcome": "completed"}, timeout=20).status_code == 409


def test_a_payment_is_disputed(client: stripe.StripeClient, session: Any, shop: Receiver, turn: Any) -> None:
    assert "error" in turn("disputed")
    turn("completed")
    turn("disputed", notify=True)
    turn("dispute_lost", notify=True)
    assert types(shop) == ["charge.dispute.created", "charge.dispute.closed"]
    closed = json.loads(shop.got[1].body)["data"]["object"]
    assert (closed["status"], closed["payment_intent"]) == ("lost", again(client, session).payment_intent.id)


def test_what_has_gone_back_is_not_disputed(turn: Any) -> None:
    turn("completed")
    turn("refunded")
    assert "error" in turn("disputed")


def test_an_intent_of_its_own(client: stripe.StripeClient, shop: Receiver, turn: Any) -> None:
    intent = client.v1.payment_intents.create({"amount": 700, "currency": "usd", "metadata": {"intent_id": "i"}})
    assert intent.status == "requires_payment_method"
    turn("completed", intent.id, notify=True)
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert types(shop) == ["payment_intent.succeeded", "charge.succeeded"]
