"""Staff's view of the books, and balances of accounts that everybody shares."""

import csv
import io
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text

from powerbank.api import exports
from powerbank.base import money
from powerbank.base.audit import AuditEntry
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.ledger import services, sums
from powerbank.ledger.accounts import Kind, gateway_account, user_account
from powerbank.ledger.models import Account, Seal, Sum
from powerbank.ledger.movements import holds
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources
from tests.ledger.conftest import Person, key, top_up

Headers = dict[str, str]
BOOKS = "/api/admin/ledger"


@pytest.fixture
def finance(context: Flask, staff_headers: Callable[..., Headers]) -> Headers:
    return staff_headers("finance")


def account_of(kind: Kind, owner: object = "") -> Account:
    return db.session.scalars(select(Account).filter_by(kind=kind, owner=str(owner))).one()


def seal() -> bool:
    with transaction():
        done = sums.close_seal(now=utcnow())
    with transaction():
        sums.name_seal()
    return done


def settle_and_seal(*, first: bool) -> None:
    """Seal sums until something is sealed.

    An open transaction holds a seal up, even one in another test's database. The first seal closes nothing.
    """
    deadline = time.monotonic() + 60
    while not (seal() or first):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def spend(user_id: UUID, amount: int) -> None:
    with transaction():
        holds.spend_without_hold(
            user_id=user_id,
            reference=Reference("rental", "1"),
            sources=Sources(wallet=amount),
            key=key(),
            actor="system",
        )


class TestSums:
    def balance(self) -> int:
        db.session.rollback()
        account = account_of(Kind.RENTAL_REVENUE)
        return sums.sum_balances([account.id])[account.id]

    def test_a_balance_is_right_before_and_after_each_seal(self, person: Person) -> None:
        user_id = person(wallet=100_00)
        for number in range(1, 6):
            spend(user_id, 1_00)
            assert self.balance() == number * 1_00
            settle_and_seal(first=number == 1)
            assert self.balance() == number * 1_00
        kept = db.session.scalars(select(Sum.balance).where(Sum.account_id == account_of(Kind.RENTAL_REVENUE).id))
        assert sorted(kept) == [1_00, 2_00, 3_00, 4_00]

    def test_no_seal_is_made_without_new_postings(self, person: Person) -> None:
        spend(person(wallet=100_00), 1_00)
        assert not seal()
        settle_and_seal(first=False)
        assert [seal() for _ in range(2)] == [False, False]
        assert db.session.query(Seal).count() == 1

    def test_a_posting_that_commits_late_is_not_lost(self, context: Flask, person: Person) -> None:
        """It has a lower number than others that are there already."""
        user_id, late = person(wallet=100_00), person(wallet=100_00)
        spend(user_id, 1_00)
        gateway = account_of(Kind.GATEWAY_CLEARING, "khalti")
        wallet = account_of(Kind.USER_WALLET, late)
        engine = create_engine(context.config["SETTINGS"].sqlalchemy_url)
        with engine.connect() as slow:
            entry = {"id": str(new_id()), "wallet": str(wallet.id), "gateway": str(gateway.id)}
            slow.execute(
                text("INSERT INTO ledger_entries (id, kind, key, actor) VALUES (:id, 'topup', 'late', 'x')"), entry
            )
            slow.execute(
                text(
                    "INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance)"
                    " VALUES (:id, :wallet, 'NPR', 7, 10007), (:id, :gateway, 'NPR', -7, NULL)"
                ),
                entry,
            )
            with transaction():
                top_up(user_id, 5_00)
            assert not seal()
            assert not seal(), "a transaction from before the seal was named is still under way"
            slow.commit()
        engine.dispose()
        settle_and_seal(first=False)
        db.session.rollback()
        assert sums.sum_balances([gateway.id]) == {gateway.id: -(200_00 + 5_00 + 7)}
        assert db.session.scalars(select(Sum.balance).filter_by(account_id=gateway.id)).all() == [-(205_00 + 7)]

    def test_a_copy_on_another_server_goes_on(self, person: Person) -> None:
        spend(person(wallet=100_00), 1_00)
        seal()
        with transaction() as session:
            session.execute(text("UPDATE ledger_seals SET horizon = horizon + 1000000000"))
        assert seal()
        assert self.balance() == 1_00

    def test_a_seal_is_named_in_a_transaction_that_wrote_nothing(self, person: Person) -> None:
        spend(person(wallet=100_00), 1_00)
        with transaction() as session:
            session.execute(text("SELECT pg_current_xact_id()"))
            with pytest.raises(RuntimeError):
                sums.name_seal()


class TestStatements:
    def lines(self, client: FlaskClient, headers: Headers, account: Account, limit: int = 3) -> list[dict[str, Any]]:
        found, cursor = [], ""
        while cursor is not None:
            query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            answer = client.get(f"{BOOKS}/accounts/{account.id}/statement", query_string=query, headers=headers)
            found += answer.get_json()["items"]
            cursor = answer.get_json()["next_cursor"]
        return found

    @pytest.mark.parametrize("sealed_after", [(), (2,), (1, 3, 5)])
    def test_a_statement_has_a_running_balance(
        self, client: FlaskClient, finance: Headers, person: Person, sealed_after: tuple[int, ...]
    ) -> None:
        user_id = person(wallet=100_00)
        for number in range(1, 8):
            spend(user_id, number)
            if number in sealed_after:
                seal()
        wallet = self.lines(client, finance, account_of(Kind.USER_WALLET, user_id))
        assert [line["amount"] for line in wallet] == [f"-0.0{n}" for n in range(7, 0, -1)] + ["100.00"]
        running = [99_72, 99_79, 99_85, 99_90, 99_94, 99_97, 99_99, 100_00]
        assert [line["balance"] for line in wallet] == [f"{paisa / 100:.2f}" for paisa in running]
        revenue = self.lines(client, finance, account_of(Kind.RENTAL_REVENUE))
        assert [line["balance"] for line in revenue] == ["0.28", "0.21", "0.15", "0.10", "0.06", "0.03", "0.01"]
        assert revenue[0]["entry"]["kind"] == "spend"

    def test_a_page_goes_on_where_it_was_whatever_is_booked_meanwhile(
        self, client: FlaskClient, finance: Headers, person: Person
    ) -> None:
        user_id = person(wallet=100_00)
        for _ in range(4):
            spend(user_id, 1_00)
        for account in (account_of(Kind.USER_WALLET, user_id), account_of(Kind.RENTAL_REVENUE)):
            path = f"{BOOKS}/accounts/{account.id}/statement?limit=2"
            first = client.get(path, headers=finance).get_json()
            spend(user_id, 5_00)
            second = client.get(f"{path}&cursor={first['next_cursor']}", headers=finance).get_json()
            older, newer = second["items"][0], first["items"][-1]
            assert money.parse_amount(newer["balance"]) - money.parse_amount(newer["amount"]) == money.parse_amount(
                older["balance"]
            )
            assert not {each["entry"]["id"] for each in first["items"]} & {
                each["entry"]["id"] for each in second["items"]
            }

    def test_a_statement_is_exported_as_csv(
        self, client: FlaskClient, finance: Headers, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "BATCH", 2)
        user_id = person(wallet=100_00)
        for amount in (1_00, 2_00, 3_00):
            spend(user_id, amount)
        with transaction():
            services.post_entry(
                kind=EntryKind.ADJUSTMENT,
                key=key(),
                actor="x",
                description="=cmd|'/c calc'!A1",
                lines=[Line(user_account(Kind.USER_WALLET, user_id), 5), Line(gateway_account("khalti"), -5)],
            )
        account = account_of(Kind.USER_WALLET, user_id)
        answer = client.get(f"{BOOKS}/accounts/{account.id}/statement.csv", headers=finance)
        assert answer.content_type.startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["amount"], row["balance"]) for row in rows] == [
            ("100.00", "100.00"),
            ("-1.00", "99.00"),
            ("-2.00", "97.00"),
            ("-3.00", "94.00"),
            ("0.05", "94.05"),
        ]
        assert rows[-1]["description"] == "'=cmd|'/c calc'!A1"
        assert rows[1]["reference"] == "rental:1"

    def test_an_unknown_account_is_not_found(self, client: FlaskClient, finance: Headers) -> None:
        for path in ("statement", "statement.csv"):
            assert client.get(f"{BOOKS}/accounts/{uuid4()}/{path}", headers=finance).status_code == 404


def test_no_cell_of_the_entries_is_a_formula(app: Flask, client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id = person(wallet=100_00)
    with transaction():
        services.post_entry(
            kind=EntryKind.ADJUSTMENT,
            key="+1+1",
            actor="@SUM(A1)",
            description="\t=1+1",
            reference=Reference("-2", "=3"),
            lines=[Line(user_account(Kind.USER_WALLET, user_id), 5), Line(gateway_account("=khalti"), -5)],
        )
    answer = client.get(f"{BOOKS}/entries.csv?key=%2B1%2B1", headers=finance)
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == 2
    for line in lines:
        assert [line[name] for name in ("key", "actor", "description", "reference")] == [
            "'+1+1",
            "'@SUM(A1)",
            "'\t=1+1",
            "'-2:=3",
        ]
    assert {line["owner"] for line in lines} == {str(user_id), "'=khalti"}
    with app.app_context():
        taken = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "ledger.export_entries")).one()
        assert taken.new == {"key": "+1+1"}


def test_balances_are_positive_on_their_own_side(client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id = person(wallet=100_00, points=7)
    person(wallet=50_00)
    spend(user_id, 30_00)

    def shown(**filters: str) -> dict[str, str]:
        items = client.get(f"{BOOKS}/accounts", query_string={"limit": "100"} | filters, headers=finance)
        return {item["kind"]: item["balance"] for item in items.get_json()["items"]}

    assert shown(owner=str(user_id)) == {
        "user_wallet": "70.00",
        "user_hold": "0.00",
        "user_points": "7",
        "user_points_hold": "0",
        "dues_receivable": "0.00",
        "points_dues_receivable": "0",
    }
    assert shown(owner="khalti") == {"gateway_clearing": "150.00"}
    assert shown(kind="rental_revenue") == {"rental_revenue": "30.00"}
    assert shown(currency="PTS", kind="points_liability") == {"points_liability": "7"}
    assert client.get(f"{BOOKS}/accounts?kind=piggy_bank", headers=finance).status_code == 422


def test_entries_are_found(client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id = person(wallet=100_00)
    spend(user_id, 30_00)

    def found(**filters: str) -> list[dict[str, Any]]:
        return list(client.get(f"{BOOKS}/entries", query_string=filters, headers=finance).get_json()["items"])

    newest = found()[0]
    assert (newest["kind"], newest["reference_id"], newest["actor"]) == ("spend", "1", "system")
    lines = [(line["account_kind"], line["amount"]) for line in newest["postings"]]
    assert sorted(lines) == [("rental_revenue", "30.00"), ("user_wallet", "-30.00")]
    assert [entry["id"] for entry in found(key=newest["key"])] == [newest["id"]]
    assert [entry["id"] for entry in found(reference_kind="rental", reference_id="1")] == [newest["id"]]
    assert [entry["kind"] for entry in found(kind="topup")] == ["topup"]
    assert found(until="2020-01-01T00:00:00Z") == found(since="2200-01-01T00:00:00Z") == []


def test_the_books_are_not_for_everybody(client: FlaskClient, staff_headers: Callable[..., Headers]) -> None:
    for role in ("operations", "support", "viewer"):
        assert client.get(f"{BOOKS}/entries", headers=staff_headers(role)).status_code == 403
