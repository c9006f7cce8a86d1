"""An account is asked for by one person, checked by the bank, confirmed by another, and cools off."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.payouts.accounts import encryption
from scripts.sandbox import Sandbox
from tests.payouts.conftest import ACCOUNT, BY_HAND, WALLET
from tests.people import Headers, rows

Fixture = Callable[..., Any]


@pytest.fixture
def ask(client: FlaskClient, finance: Headers, work: Callable[..., None]) -> Callable[..., Any]:
    """Ask for an account and let the provider check it; gives the account as staff see it."""

    def request(partner_id: str, account: dict[str, Any] = ACCOUNT, *, checked: bool = True) -> Any:
        address = f"/api/admin/partners/{partner_id}/payout-accounts"
        asked = client.post(address, json=account, headers=finance)
        assert asked.status_code == 201, asked.text
        if checked:
            work("payments", "notifications", "default")
        return client.get(address, headers=finance).get_json()[0]

    return request


@pytest.fixture
def decide(client: FlaskClient) -> Callable[..., Any]:
    def act(what: str, partner_id: str, account: Any, headers: Headers, **body: Any) -> Any:
        address = f"/api/admin/partners/{partner_id}/payout-accounts/{account['id']}/{what}"
        return client.post(address, json=body, headers=headers)

    return act


def test_an_account_is_checked_confirmed_by_another_person_and_cools_off(
    app: Flask, finance: Headers, boss: Headers, venue: Fixture, ask: Fixture, decide: Fixture, sandbox: Sandbox
) -> None:
    bakery = venue()
    account = ask(bakery)
    assert (account["status"], account["score"], account["account_number"]) == ("requested", 100, "••••9012")
    assert decide("confirm", bakery, account, finance).get_json()["code"] == "second_person_required"
    confirmed = decide("confirm", bakery, account, boss).get_json()
    assert confirmed["status"] == "confirmed"
    [row] = rows(app, "SELECT usable_from - decided_at AS cools, number FROM payout_accounts")
    assert row.cools.total_seconds() == 48 * 3600
    with app.app_context():
        assert encryption.decrypt_number(bytes(row.number)) == "0123456789012"
    assert b"0123456789012" not in bytes(row.number)
    audit = rows(app, "SELECT action, new FROM audit_log WHERE action LIKE 'payouts.%' ORDER BY id")
    assert [each.action for each in audit] == ["payouts.request_account", "payouts.confirm_account"]
    assert "0123456789012" not in str([each.new for each in audit])


def test_a_new_account_takes_the_place_of_the_old_one_and_every_owner_is_told(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    boss: Headers,
    venue: Fixture,
    ask: Fixture,
    decide: Fixture,
    sandbox: Sandbox,
    people: Any,
    work: Callable[..., None],
) -> None:
    bakery = venue()
    people.join("sita", "sita@example.com")
    client.post(
        f"/api/admin/partners/{bakery}/members", json={"email": "sita@example.com", "role": "owner"}, headers=finance
    )
    decide("confirm", bakery, ask(bakery), boss)
    second = ask(bakery, WALLET)
    decide("confirm", bakery, second, boss)
    states = rows(app, "SELECT kind, status FROM payout_accounts ORDER BY id")
    assert [tuple(row) for row in states] == [("bank", "replaced"), ("khalti", "confirmed")]
    work("notifications", "default")
    told = rows(app, "SELECT count(*) AS told FROM notices WHERE type = 'payout_account_changed'")
    assert told[0].told == 4, "at each request, and at each confirmation"
    assert [mail.to for mail in sandbox.messages.newest_first(channel=None, to="sita@example.com")]


def test_an_account_that_the_bank_does_not_know_is_refused(
    boss: Headers, venue: Fixture, ask: Fixture, decide: Fixture, sandbox: Sandbox
) -> None:
    bakery = venue()
    sandbox.faults.set("npi", "no_account", times=1)
    account = ask(bakery)
    assert (account["score"], account["check_note"]) == (0, "Account not found")
    answer = decide("confirm", bakery, account, boss, reason="I know them")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "account_invalid")
    rejected = decide("reject", bakery, account, boss, reason="No such account")
    assert rejected.get_json()["status"] == "rejected"
    assert decide("confirm", bakery, account, boss).get_json()["code"] == "already_decided"


def test_below_the_score_staff_say_why_they_confirm(
    boss: Headers, venue: Fixture, ask: Fixture, decide: Fixture, sandbox: Sandbox
) -> None:
    bakery = venue()
    sandbox.faults.set("npi", "match_60", times=1)
    account = ask(bakery)
    refused = decide("confirm", bakery, account, boss)
    assert (refused.status_code, refused.get_json()["code"], refused.get_json()["score"]) == (409, "account_unsure", 60)
    assert decide("confirm", bakery, account, boss, reason="Shop's old name").status_code == 200


def test_what_the_bank_has_not_answered_is_not_confirmed(
    boss: Headers, venue: Fixture, ask: Fixture, decide: Fixture, sandbox: Sandbox
) -> None:
    bakery = venue()
    account = ask(bakery, checked=False)
    assert decide("confirm", bakery, account, boss).get_json()["code"] == "account_not_checked"


def test_another_request_takes_the_place_of_one_that_waits(app: Flask, venue: Fixture, ask: Fixture) -> None:
    bakery = venue()
    ask(bakery)
    ask(bakery, BY_HAND)
    assert [row.status for row in rows(app, "SELECT status FROM payout_accounts ORDER BY id")] == [
        "rejected",
        "requested",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "bank", "account_name": "Bakery", "account_number": "12345"},
        {"kind": "bank", "account_name": "Bakery", "bank_code": "0401"},
        {"kind": "khalti", "account_name": "Bakery"},
        {"kind": "by_hand", "account_name": "Bakery", "account_number": "12345"},
        {"kind": "bitcoin", "account_name": "Bakery"},
        {"kind": "bank", "account_name": "Bakery", "bank_code": "0401", "account_number": "12 34<5"},
    ],
)
def test_accounts_that_cannot_be_are_refused(
    client: FlaskClient, finance: Headers, venue: Fixture, body: dict[str, Any]
) -> None:
    answer = client.post(f"/api/admin/partners/{venue()}/payout-accounts", json=body, headers=finance)
    assert answer.status_code == 422
