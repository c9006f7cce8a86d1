"""Staff look at people at the console, and act for them."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from powerbank.auth.people import sessions
from powerbank.base.db import transaction
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues
from powerbank.users.models import User
from tests.admin.conftest import person  # noqa: F401
from tests.admin.console.conftest import Member
from tests.ledger.conftest import about, key
from tests.people import rows

Console = Callable[..., Member]
PAGE = "/console/people"


@pytest.fixture
def sita(app: Flask, person: Callable[..., UUID]) -> UUID:  # noqa: F811
    made = person("sita", email="sita@example.com", first_name="Sita", last_name="Sharma")
    with app.app_context(), transaction() as session:
        sessions.begin_session(session.get_one(User, made), user_agent="Powerbank/1.2 (Pixel 8)")
        dues.create_due(
            user_id=made, reference=about(), amount=25_00, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="test"
        )
    return made


def test_people_are_found_by_what_the_role_may_search(sita: UUID, console: Console) -> None:
    support = console("support")
    for q in ("sit", "sharma", "9812345678"):
        shown = support.read(f"{PAGE}?q={q}")
        assert f"{PAGE}/{sita}" in shown
        assert "+977******78" in shown
        assert "9812345678" not in shown.replace(f'value="{q}"', "").replace(f"q={q}", "")
    assert f"{PAGE}/{sita}" not in console("viewer").read(f"{PAGE}?q=9812345678")
    assert f"{PAGE}/{sita}" in console("viewer", "other").read(f"{PAGE}?q=sita")


def test_contact_data_are_shown_on_demand_and_the_look_is_on_record(app: Flask, sita: UUID, console: Console) -> None:
    asha = console("support", "asha")
    assert "+9779812345678" not in asha.read(f"{PAGE}/{sita}")
    answer = asha.send(f"{PAGE}/{sita}", f"{PAGE}/{sita}/contact")
    assert "+9779812345678" in answer.text
    assert "sita@example.com" in answer.text
    assert rows(app, "SELECT action FROM audit_log WHERE object_kind = 'user'") == [("user.read_contact",)]
    viewer = console("viewer")
    assert f"{PAGE}/{sita}/contact" not in viewer.read(f"{PAGE}/{sita}")
    token = viewer.client.get(f"{PAGE}/{sita}").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert viewer.client.post(f"{PAGE}/{sita}/contact", data={"csrf_token": token}).status_code == 403


def test_a_person_is_suspended_signed_out_and_noted(app: Flask, sita: UUID, console: Console) -> None:
    asha = console("support", "asha")
    page = f"{PAGE}/{sita}"
    answer = asha.send(page, f"{page}/status", status="suspended", reason="a power bank was pried open")
    assert "suspended" in answer.text
    asha.send(page, f"{page}/end-sessions", reason="asked for by phone")
    asha.send(page, f"{page}/notes", text="Called on Monday.")
    shown = asha.read(page)
    assert "Called on Monday." in shown
    assert "asha@example.com" in shown
    assert rows(app, "SELECT status FROM users") == [("suspended",)]
    assert rows(app, "SELECT action FROM audit_log WHERE object_kind = 'user' ORDER BY id") == [
        ("user.status",),
        ("user.end_sessions",),
        ("user.note",),
    ]


def test_finance_adjusts_and_waives_and_the_second_person_decides_what_is_much(
    app: Flask, sita: UUID, console: Console
) -> None:
    finance = console("finance", "bina")
    page = f"{PAGE}/{sita}"
    assert "Done." in finance.send(page, f"{page}/adjust-balance", amount="40.00", reason="a failed top-up").text
    (due,) = rows(app, "SELECT id FROM ledger_dues")[0]
    assert "Done." in finance.send(page, f"{page}/dues/{due}/waive", amount="25.00", reason="the station was full").text
    much = finance.send(page, f"{page}/adjust-balance", amount="9000.00", reason="a large gift")
    assert "a second person has to approve it" in much.text
    assert "waits for a second person" in finance.read(page)
    assert rows(app, "SELECT status, count(*) FROM ledger_adjustments GROUP BY status ORDER BY status") == [
        ("applied", 1),
        ("pending", 1),
    ]
    wrong = finance.send(page, f"{page}/adjust-balance", amount="much", reason="a large gift")
    assert "Amount:" in wrong.text


def test_each_role_is_shown_what_it_may_do(sita: UUID, console: Console) -> None:
    actions = ("status", "adjust-balance", "adjust-points", "end-sessions", "notes", "contact")
    for role, may in (
        ("viewer", set()),
        ("finance", {"adjust-balance", "adjust-points", "contact"}),
        ("support", {"status", "end-sessions", "notes", "contact"}),
    ):
        shown = console(role, f"{role}-x").read(f"{PAGE}/{sita}")
        assert {each for each in actions if f'action="{PAGE}/{sita}/{each}"' in shown} == may, role
