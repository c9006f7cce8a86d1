"""What the database refuses, whoever asks: the application's role, and where triggers hold also the owner."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from powerbank.base.db import db
from powerbank.ledger.models import Account, Posting
from tests.ledger.conftest import Person, assert_books_are_right, balances

ROLES = ["DATABASE_URL", "DATABASE_OWNER_URL"]
REFUSED = (errors.InsufficientPrivilege, errors.RestrictViolation)
Sql = Callable[..., Any]


@pytest.fixture(params=ROLES)
def sql(request: pytest.FixtureRequest, environment: dict[str, str], person: Person) -> Iterator[Cursor]:
    """Give a cursor of one of the roles, in a transaction. People with money exist."""
    person(wallet=500_00, points=10)
    connection = psycopg2.connect(environment[request.param])
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
    connection.close()
    assert_books_are_right()


def entry(sql: Cursor) -> str:
    entry_id = str(uuid.uuid4())
    sql.execute("INSERT INTO ledger_entries (id, kind, key, actor) VALUES (%s, 'topup', %s, 'x')", [entry_id] * 2)
    return entry_id


def account(sql: Cursor, kind: str) -> tuple[str, str, int | None]:
    sql.execute("SELECT id, currency, balance FROM ledger_accounts WHERE kind = %s LIMIT 1", [kind])
    [found] = sql.fetchall()
    return found  # type: ignore[no-any-return]


def add(sql: Cursor, entry_id: str, lines: dict[str, int], **told: int) -> None:
    """Insert postings in one statement. `told` overrides the balance that a line claims."""
    rows: list[Any] = []
    for kind, amount in lines.items():
        account_id, currency, balance = account(sql, kind)
        after = told.get(kind, None if balance is None else balance + amount)
        rows += [entry_id, account_id, currency, amount, after]
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(lines))
    sql.execute(f"INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance) VALUES {values}", rows)


GOOD = {"user_wallet": 100, "gateway_clearing": -100}


def test_a_good_entry_is_taken(sql: Cursor) -> None:
    add(sql, entry(sql), GOOD)
    sql.connection.commit()
    sql.execute("SELECT balance FROM ledger_accounts WHERE kind = 'user_wallet'")
    assert sql.fetchall() == [(500_00 + 100,)]


@pytest.mark.parametrize(
    "lines",
    [
        {"user_wallet": 100},
        {"user_wallet": 100, "gateway_clearing": -99},
        {"user_wallet": 100, "points_liability": -100},
        {"user_wallet": 100, "gateway_clearing": -100, "user_points": 1},
        {"user_wallet": 0, "gateway_clearing": 0},
        {"user_wallet": 2 * 10**15, "gateway_clearing": -2 * 10**15},
    ],
)
def test_the_database_refuses_an_entry_that_does_not_balance(sql: Cursor, lines: dict[str, int]) -> None:
    with pytest.raises(errors.CheckViolation):
        add(sql, entry(sql), lines)


def test_an_entry_without_postings_is_refused_at_commit(sql: Cursor) -> None:
    entry(sql)
    with pytest.raises(errors.CheckViolation, match="has no postings"):
        sql.connection.commit()


def test_checks_cannot_be_had_early_and_then_cheated(sql: Cursor) -> None:
    entry_id = entry(sql)
    add(sql, entry_id, GOOD)
    sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(errors.RestrictViolation, match="closed"):
        add(sql, entry_id, {"points_liability": 5, "user_points": -5})


def test_a_balanced_pair_is_not_appended_to_an_old_entry(sql: Cursor) -> None:
    sql.execute("SELECT entry_id FROM ledger_postings LIMIT 1")
    [(old,)] = sql.fetchall()
    with pytest.raises((errors.RestrictViolation, errors.UniqueViolation)):
        add(sql, old, GOOD)


def test_nor_to_an_entry_that_another_transaction_is_writing(sql: Cursor, environment: dict[str, str]) -> None:
    entry_id = entry(sql)
    add(sql, entry_id, GOOD)
    other = psycopg2.connect(environment["DATABASE_URL"])
    try:
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
            with pytest.raises((errors.ForeignKeyViolation, errors.RestrictViolation, errors.LockNotAvailable)):
                add(cursor, entry_id, {"points_liability": 5, "user_points": -5})
    finally:
        other.close()
    sql.connection.commit()


def test_postings_without_an_entry_are_refused(sql: Cursor) -> None:
    with pytest.raises(errors.ForeignKeyViolation):
        add(sql, str(uuid.uuid4()), GOOD)


def test_two_entries_do_not_hide_in_one_statement(sql: Cursor) -> None:
    one, two = entry(sql), entry(sql)
    wallet, gateway = account(sql, "user_wallet"), account(sql, "gateway_clearing")
    with pytest.raises(errors.CheckViolation, match="two entries"):
        sql.execute(
            "INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance) VALUES"
            " (%s, %s, 'NPR', 100, %s), (%s, %s, 'NPR', -100, NULL)",
            [one, wallet[0], 500_00 + 100, two, gateway[0]],
        )


def test_an_account_has_one_currency(sql: Cursor) -> None:
    wallet, gateway = account(sql, "user_wallet"), account(sql, "gateway_clearing")
    with pytest.raises(errors.CheckViolation, match="currency"):
        sql.execute(
            "INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance) VALUES"
            " (%s, %s, 'PTS', 100, %s), (%s, %s, 'PTS', -100, NULL)",
            [(made := entry(sql)), wallet[0], 500_00 + 100, made, gateway[0]],
        )


@pytest.mark.parametrize("missing", ["user_wallet", "gateway_clearing"])
def test_an_account_that_is_not_there_takes_nothing(sql: Cursor, missing: str) -> None:
    ids = {kind: account(sql, kind)[0] for kind in GOOD} | {missing: str(uuid.uuid4())}
    with pytest.raises(errors.CheckViolation, match="no such account"):
        sql.execute(
            "INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance) VALUES"
            " (%s, %s, 'NPR', 100, %s), (%s, %s, 'NPR', -100, NULL)",
            [(made := entry(sql)), ids["user_wallet"], 500_00 + 100, made, ids["gateway_clearing"]],
        )


def test_nobody_goes_below_zero(sql: Cursor) -> None:
    with pytest.raises(errors.CheckViolation, match="floor"):
        add(sql, entry(sql), {"user_wallet": -500_01, "gateway_clearing": 500_01})


def test_nobody_owes_less_than_nothing(sql: Cursor) -> None:
    with pytest.raises(errors.CheckViolation, match="floor"):
        add(sql, entry(sql), {"user_wallet": -1, "dues_receivable": 1})


def test_a_posting_does_not_tell_a_wrong_balance(sql: Cursor) -> None:
    with pytest.raises(errors.CheckViolation, match="balance after it"):
        add(sql, entry(sql), GOOD, user_wallet=1_000_000)


def test_a_conflict_ignored_moves_no_balance(sql: Cursor) -> None:
    """`ON CONFLICT DO NOTHING` skips rows after row triggers have run: a balance kept by those would drift."""
    sql.execute("SELECT entry_id, account_id, currency, amount, balance FROM ledger_postings WHERE currency = 'NPR'")
    rows = sql.fetchall()
    before = account(sql, "user_wallet")
    for row in rows:
        sql.execute(
            "INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            row,
        )
    assert account(sql, "user_wallet") == before
    sql.connection.commit()


TABLES = ["ledger_entries", "ledger_postings", "ledger_accounts", "ledger_sums"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {} = {}"])
def test_history_is_not_changed(sql: Cursor, table: str, statement: str) -> None:
    column = {
        "ledger_entries": "actor",
        "ledger_postings": "amount",
        "ledger_accounts": "balance",
        "ledger_sums": "change",
    }[table]
    with pytest.raises(REFUSED):
        sql.execute(statement.format(table, column, column))


@pytest.mark.parametrize(
    "change", ["balance = balance + 1", "opened_at = now()", "owner = 'me'", "floored = NOT floored"]
)
def test_accounts_change_by_postings_only(sql: Cursor, change: str) -> None:
    with pytest.raises((*REFUSED, errors.CheckViolation)):
        sql.execute(f"UPDATE ledger_accounts SET {change} WHERE kind = 'user_wallet'")


def test_an_account_may_be_locked(sql: Cursor) -> None:
    sql.execute("SELECT id FROM ledger_accounts ORDER BY id FOR NO KEY UPDATE")
    assert sql.fetchall()


def open_account(sql: Cursor, kind: str, owner: str, normal: str, floored: bool, balance: int | None) -> None:
    sql.execute(
        "INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored, balance)"
        " VALUES (gen_random_uuid(), %s, %s, 'NPR', %s, %s, %s)",
        [kind, owner, normal, floored, balance],
    )


def test_an_account_begins_with_nothing(sql: Cursor) -> None:
    open_account(sql, "user_wallet", "somebody", "credit", True, 1_000_000)
    sql.execute("SELECT balance FROM ledger_accounts WHERE owner = 'somebody'")
    assert sql.fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("kind", "owner", "normal", "floored"),
    [
        ("user_wallet", "x", "credit", False),  # without its floor
        ("user_wallet", "x", "debit", True),  # on the wrong side
        ("user_wallet", "", "credit", True),  # nobody's
        ("rental_revenue", "x", "credit", False),  # somebody's
        ("points_liability", "", "debit", False),  # in rupees
        ("unheard_of", "", "credit", False),
    ],
)
def test_an_account_is_as_its_kind_is(sql: Cursor, kind: str, owner: str, normal: str, floored: bool) -> None:
    with pytest.raises(errors.CheckViolation):
        open_account(sql, kind, owner, normal, floored, None)


def test_an_account_is_opened_once(sql: Cursor) -> None:
    with pytest.raises(errors.UniqueViolation):
        open_account(sql, "gateway_clearing", "khalti", "debit", False, None)


def test_the_models_read_what_the_database_keeps(person: Person) -> None:
    user_id = person(wallet=500_00)
    assert balances(user_id) == {"user_wallet": 500_00}
    wallet = db.session.query(Account).filter_by(owner=str(user_id), kind="user_wallet").one()
    assert [posting.balance for posting in db.session.query(Posting).filter_by(account_id=wallet.id)] == [500_00]
