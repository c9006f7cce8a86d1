"""Clients against the sandbox over HTTP; no database."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from powerbank.integrations.gateway import PaymentRequest
from scripts.sandbox import Sandbox
from tests.receiver import Receiver, receiving

Turn = Callable[..., Any]


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """These tests need none."""


@pytest.fixture
def vendors(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sandbox.reset()  # somebody who asked for no vendors may have used them
    yield sandbox
    sandbox.reset()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def payment_request() -> PaymentRequest:
    return PaymentRequest(
        intent_id="0199c0de-0000-7000-8000-000000000001",
        amount=15000,
        currency="NPR",
        title="Powerbank top-up",
        return_url="http://127.0.0.1:1/return",
        cancel_url="http://127.0.0.1:1/cancel",
        expires_at=datetime.now(UTC) + timedelta(minutes=30),
    )


@pytest.fixture
def dollars(payment_request: PaymentRequest) -> PaymentRequest:
    return replace(payment_request, amount=500, currency="USD")


@pytest.fixture
def turn(vendors: Sandbox) -> Turn:
    def turn(gateway: str, payment: str, outcome: str, **more: Any) -> Any:
        url = f"{vendors.url}/api/gateways/{gateway}/payments/{payment}/outcome"
        answer = requests.post(url, json={"outcome": outcome, **more}, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return turn
