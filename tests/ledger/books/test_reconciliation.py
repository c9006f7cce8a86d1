"""The night's recount finds what the database's guards were made to let through."""

import time
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from jobs.ledger import recount_ledger
from powerbank.base.db import db, new_id, open_session, transaction, utcnow
from powerbank.ledger import sums
from powerbank.ledger.accounts import Kind
from powerbank.ledger.books import reconciliation
from powerbank.ledger.books.reconciliation import Recount
from powerbank.ledger.events import LedgerMismatch
from powerbank.ledger.movements import dues, holds
from powerbank.ledger.sources import Sources
from powerbank.ops import services as ops
from powerbank.ops.models import Alert
from powerbank.ops.queries import read_queue_health
from powerbank.outbox import catalogue
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.policy import JobSpec, Queue
from powerbank.subscriptions import SUBSCRIPTIONS
from tests.databases import execute, superuser_url
from tests.ledger.conftest import Person, about, key

Forge = Callable[[str], None]
HEARD = JobSpec("hear_mismatch", body="tests.ledger.books.test_reconciliation.hear", queue=Queue.DEFAULT)


def hear(*, reconciliation_id: str, check: str, subject: str) -> None:
    open_session().execute(text("INSERT INTO test_effects (key) VALUES (:key)"), {"key": f"heard {check}"})


@pytest.fixture
def forge(context: Flask) -> Forge:
    """Write past every trigger, as only a superuser can."""

    def write(statement: str) -> None:
        db.session.rollback()
        execute(superuser_url(context.config["TEST_DATABASE"]), "SET session_replication_role = replica", statement)

    return write


@pytest.fixture
def busy(person: Person) -> UUID:
    """Make a person with a bit of everything, and sums that are sealed."""
    user_id, rental = person(wallet=500_00, points=100), about()
    with transaction():
        holds.place_hold(user_id=user_id, reference=rental, amount=50_00, points=10, key=key(), actor="system")
        holds.capture_hold(reference=rental, sources=Sources(wallet=20_00), key=key(), actor="system")
        dues.create_due(
            user_id=user_id, reference=rental, amount=5_00, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="system"
        )
    with transaction():
        sums.name_seal()
    deadline = time.monotonic() + 60
    while not closed_seal():  # whoever has a transaction open, in another test's database too, holds it up
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with transaction():
        holds.spend_without_hold(
            user_id=user_id, reference=rental, sources=Sources(wallet=1_00), key=key(), actor="system"
        )
    return user_id


def closed_seal() -> bool:
    with transaction():
        return sums.close_seal(now=utcnow())


def recount() -> Recount:
    found = recount_ledger(new_id(), now=utcnow())
    with transaction():
        reconciliation.store_recount(found, now=utcnow())
    return found


@pytest.mark.usefixtures("busy")
def test_right_books_have_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENTRIES", "ACCOUNTS", "SEALS"):
        monkeypatch.setattr(reconciliation, name, 2)
    found = recount()
    assert found.found == []
    entries, accounts = (
        db.session.scalar(text(f"SELECT count(*) FROM ledger_{what}")) for what in ("entries", "accounts")
    )
    assert (found.entries, found.accounts) == (entries, accounts)
    assert found.turnover == {"NPR": 500_00 + 50_00 + 20_00 + 5_00 + 1_00, "PTS": 110}
    assert reconciliation.describe_last_difference() is None


def test_empty_books_have_no_difference(context: Flask) -> None:
    assert recount().differences == 0


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("statement", "checks"),
    [
        ("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'user_wallet'", {"account", "currency"}),
        ("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'user_hold'", {"account", "currency", "aside"}),
        (
            "UPDATE ledger_postings SET amount = amount + 1 WHERE account_id IN"
            " (SELECT id FROM ledger_accounts WHERE kind = 'gateway_clearing')",
            {"entry", "sums"},
        ),
        (
            "DELETE FROM ledger_postings WHERE entry_id IN (SELECT id FROM ledger_entries WHERE kind = 'spend')",
            {"entry", "account", "currency"},
        ),
        (
            "DELETE FROM ledger_postings WHERE account_id IN"
            " (SELECT id FROM ledger_accounts WHERE kind = 'user_wallet')",
            {"entry", "account"},
        ),
        ("UPDATE ledger_sums SET balance = balance + 1", {"sums", "currency"}),
        ("UPDATE ledger_holds SET released = released + 1", {"aside"}),
        ("DELETE FROM ledger_dues", {"aside"}),
    ],
)
def test_forged_rows_are_found(forge: Forge, statement: str, checks: set[str]) -> None:
    forge(statement)
    found = recount()
    assert {difference["check"] for difference in found.found} == checks


@pytest.mark.usefixtures("busy")
def test_the_first_difference_is_told_once(
    context: Flask, forge: Forge, work: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.register(HEARD)
    monkeypatch.setitem(SUBSCRIPTIONS, LedgerMismatch, (HEARD,))
    forge("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind LIKE 'user%'")
    recount_id = new_id()
    for _ in range(2):  # a run that broke off is made good under the same id
        found = recount_ledger(recount_id, now=utcnow())
    assert found.differences > 1
    work()
    assert db.session.scalars(text("SELECT key FROM test_effects")).all() == ["heard account"]


@pytest.mark.usefixtures("busy")
def test_staff_are_alerted_until_a_recount_is_clean(context: Flask, forge: Forge) -> None:
    def open_alerts() -> list[str]:
        with transaction():
            ops.update_alerts(read_queue_health().alerts, now=utcnow())
        return [row.kind for row in db.session.query(Alert).filter_by(cleared_at=None, kind="ledger_mismatch")]

    assert open_alerts() == []
    forge("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'user_wallet'")
    recount()
    assert open_alerts() == ["ledger_mismatch"]
    forge("UPDATE ledger_accounts SET balance = balance - 1 WHERE kind = 'user_wallet'")
    assert open_alerts() == ["ledger_mismatch"]
    recount()
    assert open_alerts() == []


@pytest.mark.usefixtures("busy")
def test_the_job_leaves_its_result_for_staff(
    client: FlaskClient, staff_headers: Callable[..., dict[str, str]], work: Callable[..., None], forge: Forge
) -> None:
    from powerbank.outbox.enqueue import enqueue

    forge("UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'user_wallet'")
    with transaction():
        enqueue(payment_jobs.RECONCILE_LEDGER)
    work()
    answer = client.get("/api/admin/ledger/reconciliation", headers=staff_headers("finance"))
    [row] = answer.get_json()["items"]
    assert row["differences"] == 2
    assert row["finished_at"] is not None
    assert row["found"][0]["check"] == "account"
    assert row["turnover"]["PTS"] == "110"


def test_the_recount_runs_at_two_in_kathmandu() -> None:
    [entry] = [entry for entry in catalogue.SCHEDULES if entry.job is payment_jobs.RECONCILE_LEDGER]
    assert (entry.cron, entry.timezone) == ("0 2 * * *", "Asia/Kathmandu")
