"""Work that is done: by what the station shows, or by hand where no station can tell."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.crew.conftest import Member, events_of, put_out, settle
from tests.people import Headers, change, rows
from tests.stations.conftest import FACTS, Make
from tests.stations.talker import Talker

Hire = Callable[..., Member]
Order = Callable[..., Any]
HERE = {"lat": FACTS["lat"], "lng": FACTS["lng"]}


def paid_to(app: Flask, member: Member) -> int:
    """Read what the ledger owes a member, in paisa."""
    query = """
        SELECT coalesce(sum(p.amount), 0) AS paid FROM ledger_postings p JOIN ledger_accounts a ON a.id = p.account_id
         WHERE a.kind = 'crew_payable' AND a.owner = :member"""
    return int(rows(app, query, member=member.id)[0].paid)


def test_banks_that_are_taken_are_in_hand_and_the_task_is_done_without_a_tap(
    app: Flask, context: Flask, talker: Talker, hire: Hire, order: Order
) -> None:
    """Staff want two banks out of a station of three. The member opens two slots, and the station shows them gone."""
    task, ram = order("A", "full", wants={"take": 2}), hire()
    ram.do("shift/start")
    ram.do(f"tasks/{task['id']}/claim")
    opened = ram.do("stations/A/open-slots", slot_numbers=[1, 2])["items"]
    assert [each["serial"] for each in opened] == ["101", "102"]
    assert put_out(talker, {1: "101", 2: "102", 3: "103"}) == ["101", "102"]
    assert ram.get("me")["banks_in_hand"] == ["101", "102"]
    settle(talker)
    done = ram.get(f"tasks/{task['id']}")
    assert (done["status"], done["taken"]) == ("done", 2)
    assert done["pay"] == "60.00"  # 50 for the kind, and 5 for each bank
    assert paid_to(app, ram) == 60_00
    settle(talker)
    assert paid_to(app, ram) == 60_00
    assert ram.get("me")["earnings_today"] == "60.00"
    assert events_of(app, task) == ["made", "claimed", "done"]
    refused = ram.ask("shift/end")
    assert (refused.status_code, refused.get_json()["banks_in_hand"]) == (409, ["101", "102"])
    assert ram.do("banks/drop", serials=["101", "102"], place="warehouse")["banks_in_hand"] == []
    ram.do("shift/end")


def test_a_tap_does_not_make_a_station_lie(context: Flask, talker: Talker, hire: Hire, order: Order) -> None:
    task, ram = order("A", "full", wants={"take": 2}), hire()
    ram.do(f"tasks/{task['id']}/claim")
    refused = ram.ask(f"tasks/{task['id']}/complete", **HERE)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "not_shown_by_station")


def test_cleaning_is_proved_by_hand_and_verified(
    app: Flask, make_station: Make, hire: Hire, order: Order, decide: Callable[..., TestResponse]
) -> None:
    make_station("A")
    task, ram = order("A", "clean"), hire()
    ram.do(f"tasks/{task['id']}/claim")
    ram.do(f"tasks/{task['id']}/start")
    change(app, "UPDATE crew_tasks SET begun_at = now() - interval '5 minutes' WHERE id = :id", id=task["id"])
    sent = ram.do(f"tasks/{task['id']}/complete", **HERE, scanned=["https://powerbank.example/s/A"], note="clean now")
    assert sent["status"] == "to_verify"
    assert paid_to(app, ram) == 0
    again = ram.do(f"tasks/{task['id']}/complete", **HERE, scanned=["A"])
    assert again["version"] == sent["version"]
    verified = decide(task, "verify").get_json()
    assert (verified["status"], verified["pay"]) == ("done", "40.00")
    assert verified["proof"]["doubts"] == []
    assert decide(task, "verify").get_json()["version"] == verified["version"]
    assert paid_to(app, ram) == 40_00


def test_work_that_staff_reject_is_not_paid(
    app: Flask, make_station: Make, hire: Hire, order: Order, decide: Callable[..., TestResponse]
) -> None:
    make_station("A")
    task, ram = order("A", "clean"), hire()
    ram.do(f"tasks/{task['id']}/claim")
    ram.do(f"tasks/{task['id']}/complete", **HERE, scanned=["A"])
    assert decide(task, "verify").status_code == 200
    assert decide(task, "reject", reason="The photo shows another station.").get_json()["status"] == "rejected"
    assert decide(task, "reject", reason="again").get_json()["status"] == "rejected"
    assert paid_to(app, ram) == 0
    assert ram.get("earnings")["total"] == "0.00"
    assert [each["kind"] for each in ram.get("earnings")["items"]] == ["reversal", "task"]


def test_a_place_far_away_is_refused_and_what_may_be_wrong_is_noted(
    make_station: Make, hire: Hire, order: Order, client: FlaskClient, operations: Headers
) -> None:
    make_station("A")
    task, ram = order("A", "clean"), hire()
    ram.do(f"tasks/{task['id']}/claim")
    refused = ram.ask(f"tasks/{task['id']}/complete", lat=27.72, lng=FACTS["lng"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "too_far")
    ram.do(f"tasks/{task['id']}/complete")
    shown = client.get(f"/api/admin/tasks/{task['id']}", headers=operations).get_json()
    assert shown["proof"]["doubts"] == ["no_place", "no_scan_and_no_photo", "too_fast"]
    assert [each["event"] for each in shown["events"]] == ["made", "claimed", "completed"]
