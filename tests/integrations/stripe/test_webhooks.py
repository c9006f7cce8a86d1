"""Stripe's webhooks: genuine and recent, or forged; whatever is sent, nothing else."""

import contextlib
import hmac
import json
import time
from dataclasses import astuple
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powerbank.integrations.gateway import ForgedError, NamedPayment, PaymentRequest, SignedEvent
from powerbank.integrations.stripe.client import Stripe
from powerbank.integrations.stripe.webhooks import read_event, verify_event
from scripts.sandbox import Sandbox
from tests.receiver import Receiver

SECRET = "whsec_of_ours"
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "created": 1,
        "data": {"object": {"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1"}},
    }
).encode()

# The first text that hypothesis makes takes seconds on a busy machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def signed(body: bytes = BODY, secret: str = SECRET, seconds: int = 0, scheme: str = "v1") -> str:
    moment = int(time.time()) + seconds
    return f"t={moment},{scheme}={hmac.new(secret.encode(), f'{moment}.'.encode() + body, 'sha256').hexdigest()}"


def test_a_genuine_one_is_read() -> None:
    event = verify_event(BODY, signed(), SECRET)
    assert event == SignedEvent(
        "evt_1", "checkout.session.completed", NamedPayment(reference="cs_1", payment_id="pi_1")
    )


@pytest.mark.parametrize("seconds", [-290, 290])
def test_clocks_may_differ_a_little(seconds: int) -> None:
    assert verify_event(BODY, signed(seconds=seconds), SECRET).id == "evt_1"


@pytest.mark.parametrize("seconds", [-310, 310, 10**6])
def test_old_and_future_ones_are_forged(seconds: int) -> None:
    with pytest.raises(ForgedError):
        verify_event(BODY, signed(seconds=seconds), SECRET)


def test_one_of_several_signatures_suffices() -> None:
    good = signed()
    assert verify_event(BODY, good.replace("v1=", f"v1={'0' * 64},v1="), SECRET).id == "evt_1"


UNSIGNED = [
    None,
    "",
    "t=1",
    "v1=abc",
    "t=x,v1=abc",
    "t=١,v1=abc",
    "t=1,v1=ü",
    ",,,",
    "t=,v1=",
    "t=1,v1=abc",
    "t=" + "9" * 400 + ",v1=a",
    "t=" + "9" * 5000 + ",v1=a",
]


@pytest.mark.parametrize("signature", UNSIGNED, ids=range(len(UNSIGNED)))
def test_an_unsigned_webhook_counts_as_forged(signature: str | None) -> None:
    with pytest.raises(ForgedError):
        verify_event(BODY, signature, SECRET)


@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"body": b"{}"}, {"scheme": "v0"}])
def test_a_webhook_with_another_signature_counts_as_forged(wrong: dict[str, Any]) -> None:
    with pytest.raises(ForgedError):
        verify_event(BODY, signed(**wrong), SECRET)


def test_a_second_time_does_not_help() -> None:
    """The package signs with the first; the window is of the same one."""
    late = signed(seconds=10**6)
    with pytest.raises(ForgedError):
        verify_event(BODY, f"{late},t={int(time.time())}", SECRET)


@pytest.mark.parametrize("secret", ["", " "])
def test_without_a_secret_every_webhook_counts_as_forged(secret: str) -> None:
    with pytest.raises(ForgedError):
        verify_event(BODY, signed(secret=secret), secret)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"5", b"{}", b"\xff", b"[" * 100_000, b'{"data": {"object": 5}}']
)
def test_signed_nonsense_is_no_event(body: bytes) -> None:
    with pytest.raises(ForgedError):
        verify_event(body, signed(body), SECRET)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "object", "type", "created", "data", "metadata", "payment_intent", "intent_id"]),
            inner,
        )
    ),
    max_leaves=15,
)


@unhurried
@given(JSON)
def test_any_json_is_an_event_or_not(found: Any) -> None:
    with contextlib.suppress(ForgedError):
        event = read_event(json.dumps(found).encode())
        assert isinstance(event, SignedEvent)


@unhurried
@given(st.dictionaries(st.sampled_from(["id", "object", "metadata", "client_reference_id", "payment_intent"]), JSON))
def test_any_object_may_be_in_an_event(about: dict[str, Any]) -> None:
    whole = {"id": "evt", "object": "event", "type": "t", "created": 1, "data": {"object": about}}
    with contextlib.suppress(ForgedError):
        event = read_event(json.dumps(whole).encode())
        for value in astuple(event.named):
            assert value is None or isinstance(value, str)


@unhurried
@given(st.binary(), st.text() | st.from_regex(r"t=\d+,v1=[0-9a-f]*"))
def test_any_bytes_with_any_signature_are_forged(body: bytes, signature: str) -> None:
    with pytest.raises(ForgedError):
        verify_event(body, signature, SECRET)


@pytest.mark.parametrize(
    ("outcomes", "types"),
    [
        (["completed"], {"payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"}),
        (["completed", "refunded"], {"refund.created", "charge.refunded"}),
        (["completed", "disputed"], {"charge.dispute.created"}),
    ],
)
def test_each_event_names_the_payment(
    vendors: Sandbox, receiver: Receiver, dollars: PaymentRequest, turn: Any, outcomes: list[str], types: set[str]
) -> None:
    known = vendors.accounts
    client = Stripe(secret=known.stripe_secret, webhook_secret=known.stripe_webhook_secret, url=f"{vendors.url}/stripe")
    requests.put(f"{vendors.url}/stripe/webhook", json={"url": receiver.url}, timeout=10)
    opened = client.open_payment(dollars, key="k")
    for outcome in outcomes:
        receiver.got.clear()
        turn("stripe", opened.reference, outcome, notify=True)
    events = [client.verify_webhook(got.body, got.headers["stripe-signature"]) for got in receiver.got]
    assert {event.type for event in events} == types
    payment_id = client.look_up_payment(opened.reference, amount=500, currency="USD").payment_id
    assert {event.named.payment_id for event in events} - {None} == {payment_id}
    for event in events:
        if event.type.startswith("checkout.session."):
            assert (event.named.reference, event.named.intent_id) == (opened.reference, dollars.intent_id)
        elif event.type.startswith(("payment_intent.", "charge.refunded")):
            assert event.named.intent_id == dollars.intent_id
        elif event.type.startswith("charge.dispute."):
            assert event.named.dispute_id


@pytest.mark.parametrize("fault", ["webhook_forged", "webhook_old", "webhook_future"])
def test_forged_webhooks_are_refused(
    vendors: Sandbox, receiver: Receiver, dollars: PaymentRequest, turn: Any, fault: str
) -> None:
    known = vendors.accounts
    client = Stripe(secret=known.stripe_secret, webhook_secret=known.stripe_webhook_secret, url=f"{vendors.url}/stripe")
    requests.put(f"{vendors.url}/stripe/webhook", json={"url": receiver.url}, timeout=10)
    opened = client.open_payment(dollars, key="k")
    vendors.faults.set("stripe", fault, times=1)
    turn("stripe", opened.reference, "completed", notify=True)
    assert receiver.got
    for got in receiver.got:
        with pytest.raises(ForgedError):
            client.verify_webhook(got.body, got.headers["stripe-signature"])
