"""The storm's checker, fed one thing that is wrong at a time. What is broken is broken in a transaction that is rolled
back, past the triggers and constraints that would refuse it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask

from powerbank.base.db import db, transaction
from powerbank.ledger.services import Reference
from powerbank.rentals.models import Rental
from scripts.drills.storm import checker
from scripts.drills.storm.checker import Finding
from scripts.drills.storm.journal import Accepted, Journal, Paid, Unknown
from tests.databases import superuser_url
from tests.ledger.conftest import make_person, top_up
from tests.rentals import rentals_in_states


class Broken:
    """The database as the checker sees it, with the test's changes."""

    def __init__(self, connection: "psycopg2.extensions.connection") -> None:
        self._connection = connection
        self("SET LOCAL session_replication_role = replica")

    def __call__(self, statement: str) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture
def database(context: Flask, database_name: str) -> Iterator[Broken]:
    with closing(psycopg2.connect(superuser_url(database_name))) as connection:
        yield Broken(connection)
        connection.rollback()
    db.session.remove()


@pytest.fixture
def journal() -> Journal:
    return Journal()


def kinds(found: Iterator[Finding]) -> list[str]:
    return [finding.kind for finding in found]


def accepted(what: str, person: object, subject: object) -> Accepted:
    return Accepted(what, str(person), str(subject), str(uuid4()))


def owner_of(rental_id: UUID) -> UUID:
    return db.session.get_one(Rental, rental_id).user_id


def copy_row(database: Broken, table: str, row_id: object, **changed: str) -> None:
    """Insert the same row once more, with some columns changed."""
    values = ", ".join(f"'{name}', {value}" for name, value in changed.items())
    database(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(old, jsonb_build_object({values}))).* FROM {table} old"
        f" WHERE id = '{row_id}'"
    )


def test_an_accepted_request_with_one_effect_is_right(database: Broken, journal: Journal) -> None:
    rental = rentals_in_states.pending()
    journal.note(accepted("rental", owner_of(rental), rental))
    assert kinds(checker.check_requests(database, journal)) == []


@pytest.mark.parametrize("what", ["rental", "topup", "refund", "code", "extension", "due"])
def test_an_accepted_request_without_an_effect_is_lost(database: Broken, journal: Journal, what: str) -> None:
    journal.note(accepted(what, uuid4(), uuid4()))
    assert kinds(checker.check_requests(database, journal)) == ["lost"]


def test_a_rental_of_somebody_else_is_lost(database: Broken, journal: Journal) -> None:
    journal.note(accepted("rental", uuid4(), rentals_in_states.pending()))
    assert kinds(checker.check_requests(database, journal)) == ["lost"]


def test_a_second_rental_of_one_request_is_doubled(database: Broken, journal: Journal) -> None:
    rental = rentals_in_states.pending()
    owner = owner_of(rental)
    journal.note(accepted("rental", owner, rental))
    copy_row(database, "rentals", rental, id="uuidv7()", code="'other'")
    assert kinds(checker.check_requests(database, journal)) == ["doubled"]
    # The rental may come from a request to which nobody got an answer.
    journal.note(Unknown("rental", str(owner)))
    assert kinds(checker.check_requests(database, journal)) == []


def test_one_rental_for_two_requests_is_doubled(database: Broken, journal: Journal) -> None:
    rental = rentals_in_states.pending()
    for _ in range(2):
        journal.note(accepted("rental", owner_of(rental), rental))
    assert kinds(checker.check_requests(database, journal)) == ["doubled"]


def test_extensions_are_counted(database: Broken, journal: Journal) -> None:
    rental = rentals_in_states.active()
    owner = owner_of(rental)
    journal.note(accepted("rental", owner, rental))
    journal.note(accepted("extension", owner, rental))
    assert kinds(checker.check_requests(database, journal)) == ["lost"]
    event = (
        "INSERT INTO rental_events (id, rental_id, at, event, cause)"
        f" VALUES (uuidv7(), '{rental}', now(), 'extended', 'x')"
    )
    database(event)
    assert kinds(checker.check_requests(database, journal)) == []
    database(event)
    assert kinds(checker.check_requests(database, journal)) == ["doubled"]


def test_books_of_a_rental_are_right(database: Broken) -> None:
    rentals_in_states.pending()
    assert kinds(checker.check_books(database)) == []


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ("UPDATE ledger_postings SET amount = amount + 1 WHERE amount > 0", "a currency does not sum to zero"),
        ("UPDATE ledger_postings SET currency = 'USD' WHERE amount > 0", "an entry does not sum to zero"),
        ("DELETE FROM ledger_postings", "an entry has no postings"),
        ("UPDATE ledger_accounts SET balance = balance + 1 WHERE floored", "a balance is not the sum"),
        ("UPDATE ledger_accounts SET balance = -1 WHERE kind = 'user_wallet'", "an account is below its floor"),
        ("DELETE FROM rentals", "an open hold has no rental"),
    ],
)
def test_books_that_were_tampered_with(database: Broken, broken: str, found: str) -> None:
    rentals_in_states.pending()
    database('ALTER TABLE ledger_accounts DROP CONSTRAINT "ck_ledger_accounts_floor"')
    database(broken)
    assert any(finding.what.startswith(found) for finding in checker.check_books(database))


PAYMENT = "pidx"


def paid_topup(journal: Journal) -> tuple[UUID, UUID]:
    """Make a person and the intent of a top-up that is paid and credited."""
    person, intent = make_person(), uuid4()
    with transaction():
        top_up(person, 100_00, reference=Reference("intent", str(intent)))
    journal.note(Paid(str(intent), "khalti", PAYMENT, str(person)))
    return person, intent


def at_the_gateway(refunded: str = "0.00") -> dict[str, dict[str, Any]]:
    return {PAYMENT: {"id": PAYMENT, "refunded": refunded}}


def test_a_payment_is_credited_once(database: Broken, journal: Journal) -> None:
    _, intent = paid_topup(journal)
    assert kinds(checker.check_payments(database, journal, at_the_gateway())) == []
    entry = database(f"SELECT id FROM ledger_entries WHERE reference_id = '{intent}'")[0][0]
    copy_row(database, "ledger_entries", entry, id="uuidv7()", key="'another'")
    assert kinds(checker.check_payments(database, journal, at_the_gateway())) == ["doubled"]
    database("DELETE FROM ledger_entries")
    assert kinds(checker.check_payments(database, journal, at_the_gateway())) == ["lost"]


def test_a_gateway_that_forgot_says_so(database: Broken, journal: Journal) -> None:
    paid_topup(journal)
    assert kinds(checker.check_payments(database, journal, {})) == ["lost"]


@pytest.mark.parametrize(
    ("status", "refunded", "found"),
    [
        ("completed", "10.00", []),
        ("completed", "20.00", ["doubled"]),
        ("completed", "0.00", ["lost"]),
        ("manual", "10.00", []),
        ("manual", "0.00", []),
        ("rejected", "10.00", ["doubled"]),
    ],
)
def test_what_a_gateway_gave_back_is_what_was_booked(
    database: Broken, journal: Journal, status: str, refunded: str, found: list[str]
) -> None:
    person, intent = paid_topup(journal)
    transaction = database("SELECT id FROM wallet_transactions")[0][0]
    database(f"""
        INSERT INTO payment_intents (id, user_id, transaction_id, gateway, amount, charged, currency, expires_at)
        VALUES ('{intent}', '{person}', '{transaction}', 'khalti', 10000, 10000, 'NPR', now());
        INSERT INTO refunds (id, user_id, transaction_id, intent_id, refund_transaction_id, amount, reason, status,
                             asked_by, finished_at)
        VALUES (uuidv7(), '{person}', '{transaction}', '{intent}', '{transaction}', 1000, 'x', '{status}', 'user:x',
                CASE WHEN '{status}' IN ('completed', 'rejected') THEN now() END)
    """)
    assert kinds(checker.check_payments(database, journal, at_the_gateway(refunded))) == found


@pytest.mark.parametrize(("received", "found"), [(1, []), (2, []), (0, ["lost"]), (7, ["doubled"])])
def test_each_accepted_code_is_expected_once_as_sms(journal: Journal, received: int, found: list[str]) -> None:
    journal.note(accepted("code", "+977", uuid4()))
    assert kinds(checker.check_codes(journal, {"+977": received})) == found


@pytest.mark.parametrize(
    ("truth", "found"),
    [
        ({"A-1": ("imei-A", 1)}, []),
        ({"A-1": ("imei-A", 2)}, ["custody"]),
        ({"A-1": None}, ["custody"]),
        ({}, ["custody"]),
        ({"A-1": ("imei-A", 1), "B-1": ("imei-A", 2)}, ["custody"]),
    ],
)
def test_custody_is_compared_with_the_cabinets(database: Broken, truth: dict[str, Any], found: list[str]) -> None:
    rentals_in_states.station()
    assert kinds(checker.check_custody(database, truth)) == found


def test_a_bank_in_somebodys_hands(database: Broken) -> None:
    rentals_in_states.active()
    assert kinds(checker.check_custody(database, {"A-1": None})) == []


def test_a_bank_in_two_places(database: Broken) -> None:
    rentals_in_states.station()
    database("DROP INDEX uq_custody_open; ALTER TABLE custody DROP CONSTRAINT ex_custody_one_place")
    copy_row(
        database,
        "custody",
        database("SELECT id FROM custody WHERE upper_inf(period)")[0][0],
        id="uuidv7()",
        slot_number="2",
    )
    assert kinds(checker.check_custody(database, {"A-1": ("imei-A", 1)})) == ["custody"]


def test_a_rental_that_is_stuck(database: Broken) -> None:
    rentals_in_states.pending()
    found = [finding.what for finding in checker.check_left_over(database)]
    assert "open rentals: 1" in found
    assert "open holds: 1" in found


@pytest.mark.parametrize(("cause", "found"), [("expired", []), ("discarded", []), ("refused", ["stuck"])])
def test_a_dead_letter_that_nobody_has_decided_about(database: Broken, cause: str, found: list[str]) -> None:
    database(
        "INSERT INTO outbox_jobs (id, job, queue, arguments, run_after, lease_until, state, cause, finished_at)"
        f" VALUES (uuidv7(), 'x', 'default', '{{}}', now(), now(), 'dead', '{cause}', now())"
    )
    assert kinds(checker.check_left_over(database)) == found


def test_a_job_that_is_late(database: Broken) -> None:
    row = (
        "INSERT INTO outbox_jobs (id, job, queue, arguments, run_after, lease_until)"
        " VALUES (uuidv7(), 'late', 'default', '{}', now() - interval '5 min', now() {})"
    )
    database(row.replace("{})", "+ interval '30 s')", 1))
    assert kinds(checker.check_left_over(database)) == []
    database(row.replace("{})", "- interval '2 min')", 1))
    assert [finding.what for finding in checker.check_left_over(database)] == ["1 late are open and late"]
