"""NPI is asked where it keeps an instruction: the deferred clearing has addresses and shapes of its own."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from powerbank.base.db import utcnow
from powerbank.integrations.errors import VendorError
from powerbank.integrations.npi import client as npi
from powerbank.integrations.payout_provider import Destination, Order, PayoutState
from scripts.sandbox import Sandbox

SMALL, LARGE = 1_000_00, npi.MOST_IN_REAL_TIME + 1


def order(amount: int) -> Order:
    to = Destination("0123456789012", "Bakery", "0401-1")
    return Order(key=f"P{uuid4().hex[:18].upper()}", amount=amount, to=to, remarks="Powerbank", ordered_at=utcnow())


@pytest.fixture
def provider(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> npi.Npi:
    monkeypatch.setattr(npi, "ASK_AFTER", timedelta(0))
    sandbox.reset()
    made: npi.Npi = app.extensions["payout_providers"]["npi"]
    return made


@pytest.mark.parametrize(
    ("amount", "address"),
    [
        (SMALL, "getcipstxnlistbybatchid"),
        (SMALL, "getcipstxnbyinstructionid"),
        (SMALL, "getcipstxnlistbydate"),
        (LARGE, "getnchlipstxnlistbybatchid"),
        (LARGE, "getnchlipstxnlistbyinstructionid"),
        (LARGE, "getcipstxnlistbybatchid"),
        (LARGE, "getnchlipstxnlistbydate"),
    ],
)
def test_what_was_taken_without_an_answer_is_found_wherever_it_is_told(
    provider: npi.Npi, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, amount: int, address: str
) -> None:
    """Only one address knows of it, each of them in its turn."""
    sent, post = order(amount), provider._post
    sandbox.faults.set("npi", "timeout_taken", times=1)
    with pytest.raises(VendorError):
        provider.send(sent)
    elsewhere = post("getcipstxnlistbybatchid", {"batchId": "nowhere"})
    assert elsewhere.status == 404
    monkeypatch.setattr(provider, "_post", lambda name, body: post(name, body) if name == address else elsewhere)
    found = provider.find(sent)
    assert found is not None
    assert (found.state, found.said) == (PayoutState.PAID, "credit ACSC")
    assert provider.find(order(amount)) is None


@pytest.mark.parametrize("amount", [SMALL, LARGE])
def test_what_was_not_taken_is_nowhere_and_is_sent_under_the_same_key(
    provider: npi.Npi, sandbox: Sandbox, amount: int
) -> None:
    sent = order(amount)
    sandbox.faults.set("npi", "timeout_not_taken", times=1)
    with pytest.raises(VendorError):
        provider.send(sent)
    assert provider.find(sent) is None
    assert provider.send(sent).state is PayoutState.PAID
    with pytest.raises(VendorError, match="posted before"):
        provider.send(sent)


LINE = {"instructionId": "P1", "amount": "10.00", "creditStatus": "ACSC"}


@pytest.mark.parametrize(
    ("answer", "debits"),
    [
        ([LINE | {"debitStatus": "000"}], ["000"]),
        ({"debitStatus": "999", "nchlIpsTransactionDetailList": [LINE]}, ["999"]),
        (
            [
                {"nchlIpsBatchDetail": {"debitStatus": "000"}, "nchlIpsTransactionDetailList": [LINE]},
                {"nchlIpsBatchDetail": {"debitStatus": "999"}, "nchlIpsTransactionDetailList": [LINE, LINE]},
            ],
            ["000", "999", "999"],
        ),
        ({"cipsBatchResponse": {"debitStatus": "000"}, "cipsTxnResponseList": [LINE]}, ["000"]),
        ([], []),
        ("what?", []),
    ],
)
def test_each_instruction_has_the_debit_of_its_batch(answer: Any, debits: list[str]) -> None:
    assert [line["debitStatus"] for line in npi._lines_of(answer)] == debits
