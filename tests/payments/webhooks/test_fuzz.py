"""Whatever is sent to a webhook or a way back: no 500, and no credit."""

import json
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from powerbank.base.db import db
from tests.examples import THOROUGH
from tests.payments.conftest import Payer, Work
from tests.payments.steps import signed

TEXTS = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
GATEWAYS = st.sampled_from(["khalti", "esewa", "stripe"])
NAMES = st.sampled_from(["pidx", "purchase_order_id", "data", "transaction_uuid", "session_id", "intent_id", "status"])
QUERIES = st.dictionaries(NAMES | TEXTS, TEXTS, max_size=4)
KINDS = st.sampled_from(
    ["checkout.session.completed", "charge.dispute.created", "charge.refunded", "refund.updated", "refund.failed"]
)
LIMITS = settings(max_examples=40 * THOROUGH, deadline=None, database=None, suppress_health_check=[*HealthCheck])


@pytest.fixture
def waiting(payer: Payer) -> dict[str, str]:
    """Open a top-up at each gateway that is not paid, for forgers to name."""
    return {gateway: str(payer.begin(gateway)["gateway_reference"]) for gateway in ("khalti", "esewa", "stripe")}


def nothing_is_credited(app: Flask) -> None:
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM ledger_entries")) == 0


def test_any_body_is_kept_or_refused(app: Flask, client: FlaskClient, work: Work, waiting: dict[str, str]) -> None:
    @LIMITS
    @given(
        gateway=GATEWAYS,
        body=st.binary(max_size=300) | JSON.map(lambda found: json.dumps(found).encode()),
        query=QUERIES,
        name=st.booleans(),
    )
    def send(gateway: str, body: bytes, query: dict[str, str], name: bool) -> None:
        known = dict.fromkeys(("pidx", "transaction_uuid", "session_id"), waiting[gateway]) if name else {}
        answer = client.post(f"/api/payment/webhook/{gateway}", data=body, query_string=query | known)
        assert answer.status_code in ((400,) if gateway == "stripe" else (202,))

    send()
    work("payments")
    nothing_is_credited(app)


def test_any_body_that_stripe_signs_is_taken_without_an_error(
    app: Flask, client: FlaskClient, work: Callable[..., None], waiting: dict[str, str]
) -> None:
    """Its signature makes it genuine, not well made; and what it says is asked for."""
    about = st.fixed_dictionaries(
        {"object": st.sampled_from(["checkout.session", "charge", "dispute", "refund", "payment_intent"]) | JSON},
        optional={
            "id": TEXTS | st.just(waiting["stripe"]),
            "payment_intent": TEXTS | JSON,
            "metadata": JSON,
            "client_reference_id": TEXTS,
            "payment_status": st.just("paid"),
            "amount_total": st.integers(),
        },
    )
    events = st.fixed_dictionaries(
        {"object": st.just("event"), "id": TEXTS, "type": KINDS | TEXTS, "created": st.integers(0, int(time.time()))},
        optional={"data": st.fixed_dictionaries({"object": about | JSON}) | JSON},
    )

    @LIMITS
    @given(event=events | JSON)
    def send(event: object) -> None:
        body = json.dumps(event).encode()
        answer = client.post("/api/payment/webhook/stripe", data=body, headers=signed(body))
        assert answer.status_code in (202, 400), answer.text

    send()
    work("payments")
    nothing_is_credited(app)


@pytest.mark.parametrize("name", ["id", "type", "object_id", "client_reference_id", "payment_intent"])
@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
def test_text_that_no_database_can_hold_is_not_what_stripe_sends(
    app: Flask, client: FlaskClient, work: Work, name: str, text: str
) -> None:
    about = {"object": "checkout.session", "id": "cs_1"}
    event = {"object": "event", "id": "evt_1", "type": "checkout.session.completed", "created": 1}
    if name in event:
        event[name] = text
    else:
        about[name.removeprefix("object_")] = text
    body = json.dumps(event | {"data": {"object": about}}).encode()
    assert client.post("/api/payment/webhook/stripe", data=body, headers=signed(body)).status_code == 400
    work("payments")


def test_any_way_back_leads_on(app: Flask, client: FlaskClient, waiting: dict[str, str]) -> None:
    @LIMITS
    @given(gateway=GATEWAYS, query=QUERIES, name=st.booleans())
    def come_back(gateway: str, query: dict[str, str], name: bool) -> None:
        known = dict.fromkeys(("pidx", "transaction_uuid", "session_id"), waiting[gateway]) if name else {}
        answer = client.get(f"/api/payment/return/{gateway}", query_string=query | known)
        assert answer.status_code == 303, answer.text

    come_back()
    nothing_is_credited(app)
