"""A worker may be killed at any line between "about to send" and "noted": the bank still pays each payout once.

Real processes die here, each one line later than the one before. What they had in hand is then sent by another worker,
as the sweep would have it.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import jobs.payouts
from jobs.worker import runtime
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.integrations.npi import client as npi
from powerbank.ledger import services as ledger
from powerbank.ledger.services import EntryKind
from powerbank.partners.accruals.services import share_lines
from powerbank.partners.models import Partner
from powerbank.payouts.accounts import encryption
from powerbank.payouts.models import PayoutAccount
from scripts.sandbox import Sandbox
from tests.nursery import Nursery
from tests.payouts.conftest import PlainRun, books
from tests.people import change, rows

PAYEES = 150
EACH = 1_000_00


@pytest.fixture
def job_ids(context: Flask, sandbox: Sandbox) -> list[str]:
    """Make a payout for each of many partners, and give the jobs that send them."""
    sandbox.reset()
    with transaction() as session:
        for number in range(PAYEES):
            partner_id = new_id()
            session.add(Partner(id=partner_id, name=f"Venue {number}", kind="venue", contact={}))
            session.add(
                PayoutAccount(
                    id=new_id(),
                    payee_kind="partner",
                    payee_id=partner_id,
                    kind="bank",
                    provider="npi",
                    bank_code="0401-1",
                    number=encryption.encrypt_number("0123456789012"),
                    number_ends="9012",
                    name="Venue",
                    status="confirmed",
                    requested_by="a",
                    decided_by="b",
                    usable_from=utcnow() - timedelta(days=1),
                )
            )
            lines = share_lines(partner_id, share=EACH, withheld=0)
            ledger.post_entry(kind=EntryKind.SHARE, key=str(partner_id), lines=lines, actor="test")
    jobs.payouts.run_payouts(PlainRun(), slot=utcnow().isoformat())
    return [str(row.id) for row in rows(context, "SELECT id FROM outbox_jobs WHERE job = 'send_payout' ORDER BY id")]


@pytest.mark.parametrize("fault", [None, "timeout_taken", "timeout_not_taken"])
def test_killed_at_each_line_a_payout_is_paid_once(
    context: Flask,
    job_ids: list[str],
    environment: dict[str, str],
    nursery: Nursery,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str | None,
) -> None:
    """The provider takes it and says so, takes it and says nothing, or takes nothing and says nothing."""
    if fault is not None:
        sandbox.faults.set("npi", fault)
    log = tmp_path / "log"
    told = {"POWERBANK_ENV": "test", "PATH": "/usr/bin:/bin", **environment}
    assert nursery.start("dying sender", job_ids, told, log).wait(300) == 0, log.read_text()
    *deaths, last = log.read_text().splitlines()
    assert last == "sent"
    assert len(deaths) > 50, "lines"
    for crucial in ("begin_sending", "ask_provider", "send", "note_no_answer" if fault else "pay_payout"):
        assert any(f":{crucial}:" in death for death in deaths), crucial

    sandbox.faults.clear()
    monkeypatch.setattr(npi, "ASK_AFTER", timedelta(0))
    change(context, "UPDATE outbox_jobs SET claimed_by = NULL, lease_until = now() WHERE state = 'open'")
    for job_id in job_ids:
        runtime.run("send_payout", job_id, worker="the next one")
    for row in rows(context, "SELECT id FROM payouts WHERE status <> 'paid'"):
        jobs.payouts.follow_payout(PlainRun(), payout_id=str(row.id))
    db.session.rollback()

    provider: Any = context.extensions["payout_providers"]["npi"]
    taken = [line["instructionId"] for line in provider._post("getcipstxnlistbydate", {}).json()]
    found = rows(context, "SELECT code, status FROM payouts ORDER BY code")
    assert [(row.code, row.status) for row in found] == [(code, "paid") for code in sorted(taken)]
    assert len(found) == PAYEES
    assert books(context) == {"gateway_clearing": PAYEES * EACH}
