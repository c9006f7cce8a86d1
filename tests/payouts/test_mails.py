"""A partner is told at its own address of statements, of its account, and of what went wrong: once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask

import jobs.partners
import jobs.payouts
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.ledger import services as ledger
from powerbank.ledger.services import EntryKind
from powerbank.partners.accruals.services import share_lines
from scripts.sandbox import Sandbox
from tests.payouts.conftest import PlainRun
from tests.people import Inbox, rows

Fixture = Callable[..., Any]
BAKERY = "bakery@example.com"


def titles(inbox: Inbox) -> list[str]:
    return [str(message.details["headers"]["Subject"]).split(" · ")[0] for message in inbox.of("email", BAKERY)][::-1]


def test_a_statement_comes_with_its_paper_and_a_change_of_the_account_is_told(
    app: Flask, payee: Fixture, run_payouts: Fixture, inbox: Inbox
) -> None:
    payee("Bakery", 100_000)
    run_payouts()
    assert titles(inbox) == ["The payout account changes", "The payout account changes", "Statement S0000001"]
    [statement] = [each for each in inbox.of("email", BAKERY) if "S0000001" in each.body]
    assert "NPR 1000.00 paid" in statement.body
    assert "मा" in statement.body or "को" in statement.body
    for each in inbox.of("email", BAKERY):
        assert "0123456789012" not in each.body
    [mail] = rows(app, "SELECT id, sent_at FROM partner_mails WHERE kind = 'statement'")
    assert mail.sent_at is not None
    with app.app_context():
        jobs.partners.mail_partner(PlainRun(), mail_id=str(mail.id))
    assert len(titles(inbox)) == 3, "what was sent is not sent again"


def test_a_payout_that_fails_and_a_negative_balance_are_told(
    app: Flask, payee: Fixture, run_payouts: Fixture, inbox: Inbox, sandbox: Sandbox
) -> None:
    bakery = payee("Bakery", 100_000)
    sandbox.faults.set("npi", "credit_rejected", times=1)
    run_payouts()
    assert titles(inbox)[2:] == ["A payout did not arrive"]
    with app.app_context(), transaction():
        lines = share_lines(UUID(bakery), share=-150_000, withheld=0)
        ledger.post_entry(kind=EntryKind.SHARE, key=str(uuid4()), lines=lines, actor="test")
    for _ in range(2):
        run_payouts()
    assert titles(inbox)[3:] == ["More was refunded than earned"], "once a month, not with each run"
    assert "NPR -500.00" in inbox.of("email", BAKERY)[0].body


def test_an_agreement_that_ends_is_told_once(
    app: Flask, make_station: Fixture, venue: Fixture, agree: Fixture, work: Callable[..., None], inbox: Inbox
) -> None:
    make_station("A")
    agree(venue(), ends_on=str(local_day(utcnow()) + timedelta(days=20)))
    agree(venue("Quiet", contact={}), ends_on=str(local_day(utcnow()) + timedelta(days=20)))
    for _ in range(2):
        with app.app_context():
            jobs.partners.tell_of_ending_agreements(PlainRun())
        work("default")
    assert titles(inbox) == ["An agreement ends"]
