"""Partners at the console: agreements, accounts, runs, and payouts that two people decide of."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.admin.console.sections import PARTNERS
from tests.admin.console.conftest import Member, hidden_fields
from tests.payouts.conftest import (  # noqa: F401
    BY_HAND,
    agree,
    boss,
    cabinets,
    earn,
    finance,
    make_station,
    no_tax,
    open_account,
    package,
    payee,
    rent,
    renter,
    run_payouts,
    venue,
)
from tests.people import change, rows

Console = Callable[..., Member]
Fixture = Callable[..., Any]
PAGE = "/console/partners"


@pytest.fixture
def by_hand(app: Flask, payee: Fixture, run_payouts: Fixture) -> str:  # noqa: F811
    """Give the page of a payout that somebody pays by hand. A second person has to approve it first."""
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('payout_approval_above', '\"1.00\"', 'test')")
    payee("Bakery", 100_000, account=BY_HAND)
    run_payouts()
    [row] = rows(app, "SELECT id FROM payouts")
    return f"/console/payouts/{row.id}"


@pytest.mark.parametrize("tab", PARTNERS.tabs, ids=lambda tab: tab.label)
def test_each_list_opens_and_says_what_would_fill_it(console: Console, tab: Any) -> None:
    money = console("finance", "money")
    assert 'class="empty"' in money.read(tab.address)
    assert console("viewer").open(tab.address).status_code == (200 if tab.permission == "partners.read" else 403)


def test_a_partner_is_made_with_a_member_and_an_agreement_that_was_previewed(
    app: Flask,
    console: Console,
    make_station: Fixture,  # noqa: F811
) -> None:
    make_station("A")
    money = console("finance", "money")
    facts = {"name": "Bakery", "kind": "venue", "contact_email": "bakery@example.com"}
    assert "It is made." in money.send(f"{PAGE}/new", f"{PAGE}/new", **facts).text
    [partner] = rows(app, "SELECT id, contact FROM partners")
    page = f"{PAGE}/{partner.id}"
    assert partner.contact == {"email": "bakery@example.com"}
    invited = money.send(page, f"{page}/members", address="sita@example.com", role="owner").text
    assert "s•••@example.com" in invited or "invited" in invited
    terms = {"stations": "A", "kind": "tiers", "from_0": "0.00", "percent_0": "50", "from_1": "1000", "percent_1": "80"}
    new = f"{page}/agreements/new"
    assert "What these terms would have paid" in money.send(new, new, **terms, act="preview").text
    assert rows(app, "SELECT id FROM partner_agreements") == []
    wrong = money.send(new, new, **(terms | {"percent_1": "180"}), starts_on="2026-11-01", act="make").text
    assert "Must be at most 100.00." in wrong
    made = money.send(new, new, **terms, starts_on="2026-11-01", act="make").text
    assert "The agreement is made." in made
    assert "80.00 % from NPR 1000.00 on" in made
    assert made.count("<rect") == 1, "the timeline has one bar"
    overlaps = money.send(new, new, **terms, starts_on="2026-11-01", act="make").text
    assert 'role="alert"' in overlaps
    [agreement] = rows(app, "SELECT id FROM partner_agreements")
    assert money.open(f"{page}/agreements/{agreement.id}/terms.pdf").mimetype == "application/pdf"
    ended = money.send(page, f"{page}/agreements/{agreement.id}/end", ends_on="2030-01-31").text
    assert "The agreement ends on this day." in ended
    [member] = rows(app, "SELECT id FROM partner_members")
    assert "The membership has ended." in money.send(page, f"{page}/members/{member.id}/remove").text
    renamed = money.send(page, page, name="Patisserie", pan="609876543", active="on").text
    assert "Patisserie" in renamed
    assert "/agreements/new" not in console("viewer").read(page).split("Show as API")[0]


@pytest.mark.usefixtures("no_tax")
def test_earnings_stand_by_station_and_as_a_plot_and_a_list(
    app: Flask,
    console: Console,
    make_station: Fixture,  # noqa: F811
    venue: Fixture,  # noqa: F811
    agree: Fixture,  # noqa: F811
    rent: Fixture,  # noqa: F811
) -> None:
    make_station("A", charges={1: 90})
    bakery = venue()
    agree(bakery)
    rent(price="100.00")
    money = console("finance", "money")
    page = f"{PAGE}/{bakery}"
    assert "80.00" in money.read(page)
    plot = money.open(f"{page}/earnings.json").get_json()
    assert [each["values"][-1] for each in plot["series"]] == [100.0, 80.0]
    assert "80.00" in money.read(f"{page}/accruals")
    assert money.open(f"{page}/accruals?format=csv").text.count("\n") == 2


def test_an_account_is_confirmed_by_a_second_person(
    app: Flask,
    console: Console,
    venue: Fixture,  # noqa: F811
    work: Callable[..., None],
) -> None:
    page = f"{PAGE}/{venue()}"
    first, second = console("finance", "money"), console("superadmin", "second")
    asked = first.send(page, f"{page}/accounts", kind="by_hand", account_name="Bakery").text
    assert "It is asked for." in asked
    work("payments")
    assert "Bakery" in second.read("/console/payout-accounts")
    [account] = rows(app, "SELECT id FROM payout_accounts")
    confirm = f"{page}/accounts/{account.id}/confirm"
    assert "Whoever asked for an account does not confirm it." in first.send(page, confirm).text
    assert "It is confirmed" in second.send(page, confirm).text


def test_a_payout_is_approved_and_its_outcome_said_by_second_people(
    app: Flask, console: Console, by_hand: str, work: Callable[..., None]
) -> None:
    second, third = console("superadmin", "second"), console("superadmin", "third")
    assert "awaiting approval" in second.read(by_hand)
    assert console("support").open(by_hand).status_code == 403
    assert "It is noted." in second.send(by_hand, f"{by_hand}/approve").text
    work("payments")
    said = {"result": "paid", "reference": "B-1"}
    assert "A second person says" in second.send(by_hand, f"{by_hand}/outcome", **said).text
    assert "It is noted." in third.send(by_hand, f"{by_hand}/outcome", **said).text
    work("analytics")
    assert "S0000001" in third.read(by_hand)
    assert third.open(f"{by_hand}/statement.pdf").mimetype == "application/pdf"
    decided = "SELECT DISTINCT actor FROM audit_log WHERE action IN ('payouts.approved', 'payouts.paid')"
    assert len(rows(app, decided)) == 2


def test_a_payout_is_held_with_a_reason_released_and_given_up(app: Flask, console: Console, by_hand: str) -> None:
    money = console("finance", "money")
    form = next(each for each in money.client.get(by_hand).text.split("<form") if f'action="{by_hand}/hold"' in each)
    for _ in range(2):
        money.client.post(f"{by_hand}/hold", data=hidden_fields(form) | {"reason": "They asked for it"})
    shown = money.read(by_hand)
    assert "They asked for it" in shown
    assert rows(app, "SELECT status FROM payouts") == [("held",)]
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'payouts.held'") == [(1,)], "sent twice, held once"
    money.send(by_hand, f"{by_hand}/release", reason="Settled again")
    money.send(by_hand, f"{by_hand}/cancel", reason="Wrong account")
    assert rows(app, "SELECT status FROM payouts") == [("cancelled",)]
    assert "Wrong account" in money.read("/console/payouts?status=cancelled")
    refused = money.client.post(f"{by_hand}/cancel", data={"once": str(uuid4()), "reason": "Once more"})
    assert refused.status_code in (302, 400)


def test_a_run_shows_how_far_it_is_and_whom_it_passed_over(
    app: Flask,
    console: Console,
    payee: Fixture,  # noqa: F811
    work: Callable[..., None],
) -> None:
    payee("Bakery", 100_000, account=BY_HAND)
    payee("Cafe", 100, account=BY_HAND)
    money = console("finance", "money")
    begun = money.send("/console/payout-runs", "/console/payout-runs").text
    assert "running" in begun
    work("payments")
    [operation] = rows(app, "SELECT id FROM operations")
    run = money.client.get(f"/console/payout-runs/progress/{operation.id}", follow_redirects=True).text
    assert "below minimum" in run
    assert "Bakery" in run
    assert "1" in money.read("/console/payout-runs")


def test_a_bank_file_is_taken_and_its_answers_come_back(
    app: Flask,
    client: FlaskClient,
    console: Console,
    payee: Fixture,  # noqa: F811
    run_payouts: Fixture,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    providers = app.extensions["payout_providers"]
    monkeypatch.setitem(
        app.extensions, "payout_providers", {name: providers[name] for name in ("bank_file", "by_hand")}
    )
    payee("Bakery", 100_000)
    run_payouts()
    [payout] = rows(app, "SELECT code, batch FROM payouts")
    page = "/console/payout-files"
    money, second = console("finance", "money"), console("superadmin", "second")
    assert "0123456789012" in money.open(f"{page}/{payout.batch}.csv").text
    action = f"{page}/{payout.batch}/answers"
    answers = f"payout,amount,result,reference\r\n{payout.code},{{}},paid,B-1\r\n"

    def bring(who: Member, amount: str) -> str:
        file = (BytesIO(answers.format(amount).encode()), "answers.csv")
        return str(who.send(page, action, file=file).text)

    assert "another amount" in bring(second, "999.00")
    assert "A second person says" in bring(money, "1000.00")
    assert rows(app, "SELECT status FROM payouts") == [("processing",)]
    assert "1 were paid" in bring(second, "1000.00")
    assert rows(app, "SELECT status FROM payouts") == [("paid",)]
