"""Staff act inside a conversation: refund, end, swap, give time, open the slot, decide a case, waive, send again."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues
from powerbank.ledger.services import Reference
from tests.admin.console.conftest import Member
from tests.ledger.conftest import key
from tests.people import People, change, rows
from tests.rentals.conftest import Out, broker, cabinets, make_station, out, package, renter  # noqa: F401

Console = Callable[..., Member]
Work = Callable[..., None]


SENT = """INSERT INTO deliveries (id, notice_id, user_id, type, channel, status, masked, attempts, finished_at)
    SELECT gen_random_uuid(), id, user_id, type, 'email', 'sent', 's***@example.com', 1, now() FROM notices LIMIT 1"""


class Beside:
    """A conversation about a rental that is out, as its person and as staff see it."""

    def __init__(self, client: FlaskClient, person: Any, rental_id: str) -> None:
        self._client, self.person, self.rental_id = client, person, rental_id
        about = {"text": "It never came out", "about": {"kind": "rental", "id": rental_id}}
        begun = client.post("/api/support/conversations", json=about, headers=person.headers).get_json()
        self.id = begun["id"]
        self.page = f"/console/support/{self.id}"
        self.resolves = f"{self.page}/rentals/{rental_id}/resolve"

    def lines(self) -> list[str]:
        address = f"/api/support/conversations/{self.id}/messages?limit=100"
        items = self._client.get(address, headers=self.person.headers).get_json()["items"]
        return [each["text"] for each in items if each["from"] == "system"]


@pytest.fixture
def beside(client: FlaskClient, out: Out) -> Beside:  # noqa: F811
    person, rental_id = out()
    return Beside(client, person, str(rental_id))


def decide(member: Member, beside: Beside, action: str, **fields: Any) -> Any:
    """Send the form of one decision that stands in the conversation."""
    shown = member.client.get(beside.page).text
    form = shown[shown.index(f'id="decide-{action}"') :]
    form = form[: form.index("</form>")]
    once = form[form.index('name="once" value="') + 19 :].split('"')[0]
    token = form[form.index('name="csrf_token" value="') + 25 :].split('"')[0]
    body = {"csrf_token": token, "once": once, "action": action, "reason": "as agreed here"} | fields
    return member.client.post(beside.resolves, data=body, follow_redirects=True)


def test_the_rental_stands_beside_what_is_said_of_it(beside: Beside, console: Console, work: Work) -> None:
    work()
    shown = console("support").read(beside.page)
    assert "The power bank came out." in shown
    assert beside.resolves in shown
    assert "decide-refund" in shown
    assert "open-slot" not in shown, "support does not operate stations"


def test_a_part_is_refunded_inside_and_the_person_reads_of_it(
    app: Flask, beside: Beside, console: Console, work: Work
) -> None:
    answer = decide(console("support"), beside, "refund", amount="20.00")
    assert answer.request.path == beside.page
    assert beside.person.wallet()[0] == "470.00"
    work()
    assert beside.lines() == ["NPR 20.00 of the rental given back."]
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'rental.resolve'") == [(1,)]


@pytest.mark.parametrize(
    ("action", "fields", "line"),
    [
        ("complete", {}, "We ended the rental."),
        ("charge", {"amount": "99999.00"}, None),
        ("extend", {"minutes": "30"}, "We gave 30 more minutes."),
        ("swap", {}, "Put the power bank back at its station within 30 minutes, and another one comes out."),
        ("cancel", {}, "We cancelled the rental. What was paid for it goes back."),
    ],
)
def test_each_decision_writes_a_line(
    beside: Beside, console: Console, action: str, fields: dict[str, str], line: str | None
) -> None:
    """A decision that is refused writes none: nobody is charged more than the price of a power bank."""
    answer = decide(console("superadmin"), beside, action, **fields)
    assert answer.status_code == 200
    assert beside.lines() == ([line] if line else [])


def test_the_slot_is_opened_again(app: Flask, beside: Beside, console: Console) -> None:
    member = console("operations")
    action = f"{beside.page}/rentals/{beside.rental_id}/open-slot"
    assert "Reason:" in member.send(beside.page, action, reason="").text
    member.send(beside.page, action, reason="It is stuck")
    asked = rows(app, "SELECT parameters FROM station_commands WHERE command = 'unlock_slot'")
    assert [each.parameters for each in asked] == [{"slot_number": 1}]
    assert beside.lines() == ["Slot 1 is told to open once more."]


def test_a_message_is_sent_again(app: Flask, beside: Beside, console: Console, work: Work) -> None:
    work()
    change(app, SENT)
    ((delivery,),) = rows(app, "SELECT id FROM deliveries WHERE channel = 'email'")
    before = rows(app, "SELECT count(*) FROM deliveries")[0][0]
    console("support").send(beside.page, f"{beside.page}/deliveries/{delivery}/resend")
    assert rows(app, "SELECT count(*) FROM deliveries") == [(before + 1,)]
    assert beside.lines()[0].startswith("A message was sent again")


def test_nothing_of_another_person_is_touched(
    app: Flask, beside: Beside, console: Console, client: FlaskClient, people: People
) -> None:
    other = people.join("gita").headers
    begun = client.post("/api/support/conversations", json={"text": "Hello"}, headers=other).get_json()["id"]
    member = console("support")
    shown = member.client.get(beside.page).text
    token = shown[shown.index('name="csrf_token" value="') + 25 :].split('"')[0]
    body = {"csrf_token": token, "once": "a" * 32, "action": "refund", "amount": "5.00", "reason": "not theirs"}
    address = f"/console/support/{begun}/rentals/{beside.rental_id}/resolve"
    member.client.post(address, data=body)
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'rental.resolve'") == [(0,)]
    assert beside.person.wallet()[0] == "450.00"


def test_who_may_not_decide_is_shown_nothing(beside: Beside, console: Console) -> None:
    finance = console("finance")
    assert "decide-refund" not in finance.read(beside.page)


def test_a_due_is_waived_inside(app: Flask, beside: Beside, console: Console, work: Work) -> None:
    with app.app_context(), transaction():
        due_id = dues.create_due(
            user_id=beside.person.id,
            reference=Reference("rental", beside.rental_id),
            amount=10_00,
            revenue=Kind.OVERDUE_REVENUE,
            key=key(),
            actor="system",
        ).id
    console("superadmin").send(beside.page, f"{beside.page}/dues/{due_id}/waive", amount="10.00", reason="no fault")
    work()
    assert rows(app, "SELECT status FROM ledger_dues") == [("closed",)]
    assert "A due of NPR 10.00 waived." in beside.lines()


def test_hours_and_holidays_are_written(console: Console) -> None:
    member = console("support")
    page = "/console/support/hours"
    fields = {"opens-0-0": "09:00", "closes-0-0": "17:00", "holidays": "2030-10-20 Dashain"}
    assert "It is changed." in _send_first(member, page, fields).text
    shown = member.read(page)
    assert 'value="09:00"' in shown
    assert "2030-10-20 Dashain" in shown
    wrong = {"opens-0-0": "18:00", "closes-0-0": "17:00"}
    assert "It is changed." not in _send_first(member, page, wrong).text
    assert 'value="09:00"' in member.read(page)


def test_saved_replies_are_made_and_refused_with_unknown_values(console: Console) -> None:
    member = console("support")
    page = "/console/growth/replies/new"
    texts = {"name": "Wait", "text_en": "Hello {{ person.username }}", "text_ne": "नमस्ते", "active": "true"}
    assert "It is made." in _send_first(member, page, texts).text
    assert "Wait" in member.read("/console/growth/replies")
    assert "It is made." not in _send_first(member, page, texts | {"name": "Odd", "text_en": "{{ moon }}"}).text


def test_who_is_there_is_told_and_not_stored(app: Flask, beside: Beside, console: Console) -> None:
    member = console("support")
    shown = member.client.get(beside.page).text
    token = shown[shown.index('data-csrf="') + 11 :].split('"')[0]
    before = rows(app, "SELECT count(*) FROM audit_log")
    for body in ({}, {"writes": "true"}):
        answer = member.client.post(f"{beside.page}/here", data=body, headers={"X-CSRFToken": token})
        assert answer.status_code == 204
    assert rows(app, "SELECT count(*) FROM audit_log") == before


def _send_first(member: Member, page: str, fields: dict[str, str]) -> Any:
    """Send the form of the page itself."""
    shown = member.client.get(page).text
    form = shown[shown.index('class="panel"') :]
    once = form[form.index('name="once" value="') + 19 :].split('"')[0]
    token = form[form.index('name="csrf_token" value="') + 25 :].split('"')[0]
    return member.client.post(page, data={"csrf_token": token, "once": once} | fields, follow_redirects=True)
