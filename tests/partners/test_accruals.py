"""Shares accrue with the revenue, whatever a rental earns or gives back, and to whom the rental began with."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.ledger import recount_ledger
from powerbank.base.clock import local_day
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from tests.databases import execute, superuser_url
from tests.partners.conftest import accrued, payable
from tests.people import Headers, rows
from tests.rentals.cabinets import Cabinets
from tests.stations.conftest import Make

Fixture = Callable[..., Any]


def test_a_rental_earns_its_venue_a_share_in_the_same_transaction(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture
) -> None:
    make_station("A", charges={1: 90})
    assert agree(venue()).status_code == 201
    rent(price="100.00")
    assert accrued(app) == [("Bakery", "venue", "rental", 10_000, 8_000, 6_800)]
    assert payable(app) == {"Bakery": 6_800}
    [tax] = rows(
        app,
        "SELECT sum(amount) AS kept FROM ledger_postings p JOIN ledger_accounts a ON a.id = p.account_id"
        " WHERE a.kind = 'withheld_tax'",
    )
    assert tax.kept == 1_200
    [at] = rows(
        app, "SELECT count(DISTINCT xmin::text) AS transactions FROM ledger_entries WHERE kind IN ('capture', 'share')"
    )
    assert at.transactions == 1


@pytest.mark.usefixtures("no_tax")
def test_what_keeping_a_bank_cost_is_shared_with_the_rental_that_it_became(
    app: Flask,
    make_station: Make,
    venue: Fixture,
    agree: Fixture,
    renter: Fixture,
    package: Fixture,
    cabinets: Cabinets,
) -> None:
    """Its fee is the first part of the price. Where the station gives nothing, it comes back from both."""
    make_station("A", charges=dict.fromkeys(range(1, 7), 90))
    assert agree(venue()).status_code == 201
    sita, hour = renter("sita", wallet="100.00"), package(price="50.00")

    def keep_and_rent() -> None:
        asked = {"station_sn": "A", "package_id": str(hour), "minutes": 20}
        assert sita.post("/reservations", asked).status_code == 201
        past = ", ".join(f"{at} = {at} - interval '750 s'" for at in ("created_at", "free_until", "expires_at"))
        execute(superuser_url(app.config["TEST_DATABASE"]), f"UPDATE reservations SET {past}")
        assert sita.initiate(hour, sn="A").status_code == 202
        cabinets.work()

    keep_and_rent()
    for _ in range(3):
        cabinets.refuses()
    assert [each[2:5] for each in accrued(app)] == [("rental", 300, 240), ("refund", -300, -240)]
    assert payable(app) == {"Bakery": 0}
    keep_and_rent()
    cabinets.ejects()
    assert [each[2:5] for each in accrued(app)][2:] == [("rental", 300, 240), ("rental", 4_700, 3_760)]
    assert payable(app) == {"Bakery": 4_000}


def test_a_station_without_an_agreement_earns_nobody_anything(app: Flask, make_station: Make, rent: Fixture) -> None:
    make_station("A", charges={1: 90})
    rent()
    assert accrued(app) == []


@pytest.mark.usefixtures("no_tax")
def test_overdue_fee_and_refund_follow_the_agreement_by_which_the_rental_began(
    app: Flask,
    client: FlaskClient,
    make_station: Make,
    venue: Fixture,
    agree: Fixture,
    rent: Fixture,
    cabinets: Cabinets,
    finance: Headers,
) -> None:
    """The station changes hands while the bank is out."""
    make_station("A", charges={1: 90})
    bakery, today = venue(), local_day(utcnow())
    made = agree(bakery).get_json()
    _, rental_id = rent(price="100.00", ago=90)
    address = f"/api/admin/partners/{bakery}/agreements/{made['id']}/end"
    assert client.post(address, json={"ends_on": str(today - timedelta(days=1))}, headers=finance).status_code == 200
    assert agree(venue("Cafe"), starts_on=str(today)).status_code == 201
    cabinets.take_back("A-1")
    assert [(each[0], each[2], each[3], each[4]) for each in accrued(app)] == [
        ("Bakery", "rental", 10_000, 8_000),
        ("Bakery", "rental", 500, 400),
    ]
    refund_everything(app, rental_id)
    assert payable(app)["Bakery"] == 0, "what goes back is taken from whoever earned it"
    assert [each[2] for each in accrued(app)][2:] == ["refund", "refund"]


@pytest.mark.usefixtures("no_tax")
def test_points_earn_their_worth_and_an_unpaid_fee_its_due_until_it_is_waived(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90})
    agree(venue())
    rent(price="30.00", points=300, wallet="0.00", method="points_only", ago=90)
    assert accrued(app)[0][3:5] == (3_000, 2_400)
    cabinets.take_back("A-1")
    assert accrued(app)[1][3:5] == (500, 400), "the overdue fee is owed, and earned"
    [due] = rows(app, "SELECT id FROM ledger_dues")
    with app.app_context(), transaction():
        dues.waive_due(due_id=due.id, key="w", actor="test", now=utcnow())
    assert accrued(app)[2][2:5] == ("refund", -500, -400)
    assert payable(app) == {"Bakery": 2_400}


@pytest.mark.usefixtures("no_tax")
def test_a_franchise_earns_beside_its_venue(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture
) -> None:
    make_station("A", charges={1: 90})
    chain = venue("Chain", kind="franchise")
    terms = {"kind": "share", "percent": "60.00", "franchise_percent": "15.00"}
    assert agree(venue(parent_id=chain), terms=terms).status_code == 201
    rent(price="100.00")
    assert payable(app) == {"Bakery": 6_000, "Chain": 1_500}


@pytest.mark.usefixtures("no_tax")
def test_tiers_count_the_revenue_of_the_month(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture
) -> None:
    make_station("A", charges={1: 90, 2: 90, 3: 90})
    tiers = [{"from": "0.00", "percent": "50.00"}, {"from": "150.00", "percent": "80.00"}]
    agree(venue(), terms={"kind": "tiers", "tiers": tiers})
    for name in ("sita", "gita", "rita"):
        rent(name=name, price="100.00")
    assert [each[4] for each in accrued(app)] == [5_000, 2_500 + 4_000, 8_000]
    [month] = rows(app, "SELECT net FROM partner_agreement_months")
    assert month.net == 30_000


@pytest.mark.usefixtures("no_tax")
def test_what_is_rolled_back_to_a_savepoint_accrues_nothing(
    context: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture
) -> None:
    make_station("A", charges={1: 90})
    agree(venue())
    sita, rental_id = rent(price="100.00")
    with transaction() as session:
        spend(sita.id, rental_id, 1_000, "kept")
        nested = session.begin_nested()
        spend(sita.id, rental_id, 2_000, "lost")
        nested.rollback()
    assert [each[3] for each in accrued(context)] == [10_000, 1_000]
    with contextlib.suppress(ZeroDivisionError), transaction():
        spend(sita.id, rental_id, 3_000, "undone")
        _ = 1 // 0
    with transaction():
        spend(sita.id, rental_id, 4_000, "after")
    assert [each[3] for each in accrued(context)] == [10_000, 1_000, 4_000]


def test_the_database_refuses_a_second_accrual_of_a_movement_and_any_change_of_one(
    app: Flask, environment: dict[str, str], make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture
) -> None:
    make_station("A", charges={1: 90})
    agree(venue())
    rent()
    columns = (
        "partner_id, agreement_id, part, kind, entry_id, share_entry_id, rental_id, gross, vat, share, withheld, amount"
    )
    again = f"INSERT INTO partner_accruals (id, {columns}) SELECT gen_random_uuid(), {columns} FROM partner_accruals"
    for statement in (again, "UPDATE partner_accruals SET share = 0", "DELETE FROM partner_accruals"):
        with pytest.raises(Exception, match=r"duplicate key|append-only"):
            execute(environment["DATABASE_OWNER_URL"], statement)


@pytest.mark.usefixtures("no_tax")
def test_history_from_before_the_agreement_is_accrued_once(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90})
    _, rental_id = rent(price="100.00", ago=90)
    cabinets.take_back("A-1")
    agree(venue())
    refund_everything(app, rental_id, 2_000)
    assert payable(app) == {"Bakery": -1_600}, "a refund of what was never accrued"
    said = run_command(app)
    assert payable(app) == {"Bakery": 6_800}
    assert "2 movements of revenue were accrued" in said
    assert "0 movements of revenue were accrued" in run_command(app)


def test_staff_have_history_accrued_and_see_how_far_it_is(
    app: Flask,
    client: FlaskClient,
    make_station: Make,
    venue: Fixture,
    agree: Fixture,
    rent: Fixture,
    finance: Headers,
    work: Callable[..., None],
) -> None:
    make_station("A", charges={1: 90})
    rent(price="100.00")
    agree(venue())
    for accrued_now in (1, 0):
        asked = client.post("/api/admin/partners/accrue-history", headers=finance)
        assert asked.status_code == 202, asked.text
        work("analytics")
        address = f"/api/operations/{asked.get_json()['operation_id']}"
        done = client.get(address, headers=finance).get_json()
        assert (done["status"], done["result"]["accrued"]) == ("succeeded", accrued_now)
        assert done["progress"]["done"] == done["result"]["entries"] > 0
    assert payable(app) == {"Bakery": 6_800}


def test_the_nights_recount_finds_a_payable_that_is_not_what_was_accrued(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture
) -> None:
    make_station("A", charges={1: 90})
    agree(venue())
    rent()
    with app.app_context():
        assert recount_ledger(new_id(), now=utcnow()).differences == 0
    forge = "UPDATE partner_accruals SET share = share + 1, amount = amount + 1"
    execute(superuser_url(app.config["TEST_DATABASE"]), "SET session_replication_role = replica", forge)
    with app.app_context():
        recount = recount_ledger(new_id(), now=utcnow())
    assert [(each["check"], each["kept"], each["counted"]) for each in recount.found] == [("partner", 6_800, 6_801)]


def spend(user_id: Any, rental_id: str, amount: int, key: str) -> None:
    holds.spend_without_hold(
        user_id=user_id, reference=Reference("rental", rental_id), sources=Sources(wallet=amount), key=key, actor="test"
    )


def refund_everything(app: Flask, rental_id: str, amount: int | None = None) -> None:
    paid = rows(
        app,
        "SELECT id FROM wallet_transactions WHERE reference_id = :id AND direction = 'out' ORDER BY id",
        id=rental_id,
    )
    with app.app_context(), transaction():
        for each in paid if amount is None else paid[:1]:
            refunds.refund_payment(transaction_id=each.id, key=f"back:{each.id}", actor="test", amount=amount)


def run_command(app: Flask) -> str:
    done = app.test_cli_runner().invoke(args=["partners", "accrue-history"])
    assert done.exit_code == 0, done.output
    return done.output
