"""Fixtures: payees with a balance and an account that can be paid to, and runs of payouts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import new_id, open_session, transaction, utcnow
from powerbank.ledger import services as ledger
from powerbank.ledger.services import EntryKind
from powerbank.outbox.catalogue import payout_jobs
from powerbank.partners.accruals.services import share_lines
from powerbank.payouts.models import Payout, PayoutAccount, PayoutRun
from scripts.sandbox import Sandbox
from tests.partners.conftest import (  # noqa: F401
    agree,
    cabinets,
    finance,
    make_station,
    no_tax,
    package,
    rent,
    renter,
    venue,
)
from tests.people import Headers, change, rows

ACCOUNT = {"kind": "bank", "bank_code": "0401-1", "account_number": "0123456789012", "account_name": "Bakery Pvt Ltd"}
WALLET = {"kind": "khalti", "account_number": "9841000001", "account_name": "Bakery"}
BY_HAND = {"kind": "by_hand", "account_name": "Bakery"}


class PlainRun(StepwiseRun):
    """The run of a job that no worker has: it may be killed and begun again at will."""

    def __init__(self) -> None:
        super().__init__(new_id(), payout_jobs.SEND_PAYOUT, "nobody")

    @contextmanager
    def finish(self) -> Iterator[None]:
        with transaction():
            yield


@pytest.fixture
def boss(staff_headers: Callable[..., Headers]) -> Headers:
    """Give the second person."""
    return staff_headers("superadmin")


@pytest.fixture
def earn(app: Flask, clean: None) -> Callable[[str, int], None]:
    """Let a partner earn some paisa: `earn(bakery, 100_000)`."""

    def book(partner_id: str, amount: int) -> None:
        with app.app_context(), transaction():
            lines = share_lines(UUID(partner_id), share=amount, withheld=0)
            ledger.post_entry(kind=EntryKind.SHARE, key=str(uuid4()), lines=lines, actor="test")

    return book


@pytest.fixture
def open_account(
    app: Flask,
    client: FlaskClient,
    finance: Headers,  # noqa: F811
    boss: Headers,
    work: Callable[..., None],
    sandbox: Sandbox,
) -> Callable[..., str]:
    """Give a partner an account that can be paid to at once: `open_account(bakery, WALLET)`."""

    def make(partner_id: str, account: dict[str, Any] = ACCOUNT, *, cooled: bool = True) -> str:
        address = f"/api/admin/partners/{partner_id}/payout-accounts"
        asked = client.post(address, json=account, headers=finance)
        assert asked.status_code == 201, asked.text
        work("payments")
        account_id = asked.get_json()["id"]
        confirmed = client.post(f"{address}/{account_id}/confirm", json={}, headers=boss)
        assert confirmed.status_code == 200, confirmed.text
        if cooled:
            change(app, "UPDATE payout_accounts SET usable_from = now() - interval '1 minute'")
        return str(account_id)

    return make


@pytest.fixture
def payee(
    venue: Callable[..., str],  # noqa: F811
    earn: Callable[[str, int], None],
    open_account: Callable[..., str],
) -> Callable[..., str]:
    """Make a partner who can be paid: `payee("Bakery", 100_000, account=WALLET)`."""

    def make(name: str = "Bakery", amount: int = 100_000, *, account: dict[str, Any] = ACCOUNT) -> str:
        partner_id = venue(name)
        earn(partner_id, amount)
        open_account(partner_id, account)
        return partner_id

    return make


@pytest.fixture
def run_payouts(
    client: FlaskClient,
    finance: Headers,  # noqa: F811
    work: Callable[..., None],
) -> Callable[..., Any]:
    """Ask for a run as finance does, do its jobs, and give its summary."""

    def run(**body: Any) -> Any:
        asked = client.post("/api/admin/payouts/run", json=body, headers=finance)
        assert asked.status_code == 202, asked.text
        work("critical", "payments", "analytics", "notifications", "default")
        found = client.get(f"/api/operations/{asked.get_json()['operation_id']}", headers=finance).get_json()
        assert found["status"] == "succeeded", found
        return found["result"]

    return run


def payouts(app: Flask) -> list[tuple[str, int, str]]:
    """Read all payouts: payee, amount and status."""
    found = rows(app, "SELECT payee_name, amount, status FROM payouts ORDER BY id")
    return [(row.payee_name, row.amount, row.status) for row in found]


def only_payout(app: Flask) -> Any:
    [row] = rows(app, "SELECT * FROM payouts")
    return row


def books(app: Flask) -> dict[str, int]:
    """Read the balances that payouts move, by kind; a credit is positive."""
    query = """
        SELECT a.kind, CAST(sum(p.amount) AS bigint) AS balance
          FROM ledger_accounts a JOIN ledger_postings p ON p.account_id = a.id
         WHERE a.kind IN ('partner_payable', 'payout_clearing', 'gateway_clearing') GROUP BY 1"""
    return {row.kind: row.balance for row in rows(app, query) if row.balance}


def make_paid_payout(partner_id: UUID, amount: int = 100_000) -> Payout:
    """Make a payout that was paid by hand, in the open transaction."""
    session, now = open_session(), utcnow()
    lines = share_lines(partner_id, share=amount, withheld=0)
    ledger.post_entry(kind=EntryKind.SHARE, key=str(uuid4()), lines=lines, actor="test")
    run = PayoutRun(id=new_id(), cutoff=now, asked_by="test", up_to=1)
    account = PayoutAccount(
        id=new_id(),
        payee_kind="partner",
        payee_id=partner_id,
        kind="by_hand",
        provider="by_hand",
        name="Bakery",
        status="replaced",
        requested_by="test",
        usable_from=now,
    )
    session.add_all([run, account])
    session.flush()
    number = session.scalar(text("SELECT max(number) FROM ledger_postings"))
    payout = Payout(
        id=new_id(),
        run_id=run.id,
        code=f"P{uuid4().hex[:10]}",
        payee_kind="partner",
        payee_id=partner_id,
        payee_name="Bakery",
        cutoff=now,
        up_to=number,
        amount=amount,
        account_id=account.id,
        provider="by_hand",
        status="paid",
        approved_by="policy",
        paid_at=now,
    )
    session.add(payout)
    session.flush()
    return payout
