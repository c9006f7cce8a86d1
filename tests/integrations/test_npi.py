"""NPI is asked where it keeps an instruction: the deferred clearing has addresses and shapes of its own."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from powerbank.base.db import utcnow
from powerbank.integrations.errors import VendorError
from powerbank.integrations.http import Answer
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
        (LINE | {"cipsBatchDetail": {"debitStatus": "999"}}, ["999"]),
        ([], []),
        ("what?", []),
    ],
)
def test_each_instruction_has_the_debit_of_its_batch(answer: Any, debits: list[str]) -> None:
    assert [line["debitStatus"] for line in npi._lines_of(answer)] == debits


ORDER = Order("P1", 10_00, Destination("0123456789012", "Bakery", "0401-1"), "Powerbank", utcnow())
UNKNOWN = None


@pytest.mark.parametrize(
    ("debit", "line", "state"),
    [
        ("000", {"creditStatus": "000"}, PayoutState.PAID),
        ("000", {"creditStatus": "DEFER"}, PayoutState.PROCESSING),
        ("000", {"creditStatus": "999"}, UNKNOWN),
        ("000", {"creditStatus": "999", "reversalStatus": "000"}, UNKNOWN),
        ("000", {"creditStatus": None}, UNKNOWN),
        ("000", {"creditStatus": "114", "reversalStatus": "000"}, PayoutState.FAILED),
        ("000", {"creditStatus": "-01", "reversalStatus": None}, UNKNOWN),
        ("907", {"creditStatus": "1000"}, PayoutState.FAILED),
        ("999", {"creditStatus": "000"}, UNKNOWN),
        ("000", {"creditStatus": "000", "amount": 10.01}, UNKNOWN),
    ],
)
def test_in_real_time_credits_have_the_codes_of_banks(
    debit: str, line: dict[str, Any], state: PayoutState | None
) -> None:
    """An answer to a batch has no amounts. A report has them as numbers, and the batch inside the instruction."""
    line = {"id": 36, "instructionId": "P1"} | line
    posted = {"cipsBatchResponse": {"debitStatus": debit}, "cipsTxnResponseList": [line]}
    [reported] = npi._lines_of({"amount": 10.0} | line | {"cipsBatchDetail": {"debitStatus": debit}})
    if state is UNKNOWN:
        for read, told in ((npi._read_batch, posted), (npi._read_line, reported)):
            with pytest.raises(VendorError):
                read(told, ORDER)
    else:
        assert (npi._read_batch(posted, ORDER).state, npi._read_line(reported, ORDER).state) == (state, state)


def test_a_report_without_an_amount_is_not_believed() -> None:
    with pytest.raises(VendorError, match="another amount"):
        npi._read_line({"instructionId": "P1", "creditStatus": "000", "debitStatus": "000"}, ORDER)


@pytest.mark.parametrize(
    ("code", "told", "exists", "score"),
    [("000", 100, True, 100), ("999", 94, True, 94), ("523", 40, False, None)],
)
def test_a_name_that_agrees_somewhat_has_a_score(
    provider: npi.Npi, monkeypatch: pytest.MonkeyPatch, code: str, told: int, exists: bool, score: int | None
) -> None:
    body = {"responseCode": code, "responseMessage": "Some difference in the name.", "matchPercentate": told}
    answer = Answer("NPI", 200, json.dumps(body).encode(), {})
    monkeypatch.setattr(provider, "_post", lambda name, given: answer)
    check = provider.check_account(ORDER.to)
    assert (check.exists, check.score) == (exists, score)
