"""Staff look at rentals at the console, and decide about them."""

from collections.abc import Callable

import pytest
from flask import Flask

from powerbank.base.db import new_id
from tests.admin.console.conftest import Member
from tests.people import change, rows
from tests.rentals.conftest import (  # noqa: F401
    Out,
    broker,
    cabinets,
    make_station,
    out,
    package,
    renter,
)
from tests.rentals.test_coincidences import report

Console = Callable[..., Member]
PAGE = "/console/rentals"


def test_one_rental_is_told_as_one_timeline(out: Out, console: Console, work: Callable[..., None]) -> None:  # noqa: F811
    _, rental_id = out()
    work()
    shown = console("viewer").read(f"{PAGE}/{rental_id}")
    for said in (
        "The rental was begun.",
        "The power bank came out.",
        "Command: hand out A-1 from slot 1.",
        "50.00 NPR",
    ):
        assert said in shown
    assert "The person has power bank A-1." in shown
    assert shown.index("The rental was begun.") < shown.index("The power bank came out.")
    assert "Your power bank is ready" in shown, "the messages to the person stand there too"
    assert "data-opens=" not in shown, "who only reads is shown no decision"


def test_a_refund_is_made_once_however_often_it_is_sent(app: Flask, out: Out, console: Console) -> None:  # noqa: F811
    sita, rental_id = out()
    asha = console("support", "asha")
    page = asha.client.get(f"{PAGE}/{rental_id}").text
    form = page[page.index('value="refund"') - 900 :]
    token = page[page.index('name="csrf_token" value="') + 25 :].split('"')[0]
    once = form[form.index('name="once" value="') + 19 :].split('"')[0]
    fields = {"csrf_token": token, "once": once, "action": "refund", "amount": "20.00", "reason": "as a courtesy"}
    for _ in range(2):
        answer = asha.client.post(f"{PAGE}/{rental_id}/resolve", data=fields)
        assert (answer.status_code, answer.location) == (302, f"{PAGE}/{rental_id}")
    assert sita.wallet()[0] == "470.00"
    other = asha.client.post(f"{PAGE}/{rental_id}/resolve", data=fields | {"amount": "1.00"}, follow_redirects=True)
    assert "This Idempotency-Key was used with another body." in other.text
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'rental.resolve'") == [(1,)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "refund", "amount": "a lot", "reason": "why not"}, "Amount:"),
        ({"action": "refund", "amount": "5.00", "reason": "x"}, "Reason:"),
        ({"action": "complete", "at": "yesterday", "reason": "it is back"}, "Invalid value."),
        ({"action": "uphold", "reason": "right so"}, "Some fields are missing or wrong."),
    ],
)
def test_what_is_wrong_with_a_form_is_said_on_its_page(
    out: Out,  # noqa: F811
    console: Console,
    fields: dict[str, str],
    said: str,
) -> None:
    sita, rental_id = out()
    asha = console("support", "asha")
    answer = asha.send(f"{PAGE}/{rental_id}", f"{PAGE}/{rental_id}/resolve", **fields)
    assert said in answer.text
    assert answer.request.path == f"{PAGE}/{rental_id}"
    assert sita.wallet()[0] == "450.00"


def test_a_case_is_decided_with_its_evidence_beside_it(app: Flask, out: Out, console: Console) -> None:  # noqa: F811
    sita, rental_id = out()
    case_id = report(sita, rental_id, "other")["id"]
    asha = console("support", "asha")
    assert f"{PAGE}/{rental_id}#case-{case_id}" in asha.read("/console/cases?status=open")
    shown = asha.read(f"{PAGE}/{rental_id}")
    assert "What the records said then" in shown
    asha.send(
        f"{PAGE}/{rental_id}",
        f"{PAGE}/{rental_id}/resolve",
        action="dismiss",
        case_id=case_id,
        reason="the station shows that it came out",
    )
    assert rows(app, "SELECT status, decision FROM rental_cases") == [
        ("dismissed", "the station shows that it came out")
    ]


def test_open_cases_are_worked_through_one_after_the_other(out: Out, console: Console) -> None:  # noqa: F811
    sita, rental_id = out()
    first, second = (report(sita, rental_id, issue)["id"] for issue in ("other", "returned"))
    asha = console("support", "asha")
    for after, following in (("", first), (f"?after={first}", second), (f"?after={second}", first)):
        answer = asha.open(f"/console/cases/next{after}")
        assert answer.location == f"{PAGE}/{rental_id}#case-{following}"
    assert f"/console/cases/next?after={second}" in asha.read(f"{PAGE}/{rental_id}")


def test_each_role_is_shown_what_it_may_do(app: Flask, out: Out, console: Console) -> None:  # noqa: F811
    _, rental_id = out()
    change(app, "UPDATE rentals SET due_at = now() - interval '2 hours'")
    decisions = ("refund", "extend", "charge")
    for role, may in (("viewer", set()), ("support", {*decisions[:2]}), ("finance", {*decisions})):
        shown = console(role, f"{role}-x").read(f"{PAGE}/{rental_id}")
        assert {each for each in decisions if f'id="decide-{each}"' in shown} == may


@pytest.mark.parametrize("action", ["complete", "cancel", "swap", "extend", "refund", "charge", "lost", "dismiss"])
def test_who_may_only_read_decides_nothing(out: Out, console: Console, action: str) -> None:  # noqa: F811
    sita, rental_id = out()
    case_id = report(sita, rental_id, "other")["id"]
    viewer = console("viewer")
    token = viewer.client.get(f"{PAGE}/{rental_id}").text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "once": str(new_id()), "action": action, "reason": "why not", "case_id": case_id}
    form |= {"minutes": "5", "amount": "1.00"}
    assert viewer.client.post(f"{PAGE}/{rental_id}/resolve", data=form).status_code == 403
    assert sita.rental(rental_id)["status"] == "active"


def test_who_looks_where_a_phone_was_is_on_record(app: Flask, out: Out, console: Console) -> None:  # noqa: F811
    sita, rental_id = out()
    assert sita.post(f"/rentals/{rental_id}/location", {"lat": 27.7, "lng": 85.3}).status_code < 300
    assert "27.70000, 85.30000" in console("support", "asha").read(f"{PAGE}/{rental_id}/places")
    assert console("finance", "bina").open(f"{PAGE}/{rental_id}/places").status_code == 403
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'rental.read_locations'") == [(1,)]


def test_rentals_are_filtered_by_the_address(out: Out, console: Console) -> None:  # noqa: F811
    sita, rental_id = out()
    viewer = console("viewer")
    code = sita.rental(rental_id)["rental_code"]
    assert code in viewer.read(f"{PAGE}?status=active&powerbank_sn=A-1&user_id={sita.id}")
    assert "Nothing matches." in viewer.read(f"{PAGE}?trouble=disputed")
    assert code in viewer.open(f"{PAGE}?format=csv").text
