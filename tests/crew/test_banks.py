"""Power banks in the hands of the crew: slots open one after another, and hands are left only into a place."""

from collections.abc import Callable
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.crew.banks import openings
from powerbank.crew.banks.models import Opening
from powerbank.stations.commands import services as commands
from powerbank.stations.custody import services as banks
from tests.crew.conftest import Member, put_out
from tests.people import Headers, change, rows
from tests.stations import prepared
from tests.stations.conftest import Make, find_bank_id
from tests.stations.talker import Talker

Hire = Callable[..., Member]


def states(app: Flask) -> list[tuple[str, str]]:
    found = rows(app, "SELECT serial, status FROM crew_openings ORDER BY id")
    return [(row.serial, row.status) for row in found]


def custody_of(app: Flask, serial: str) -> tuple[str, str | None]:
    [row] = rows(
        app,
        "SELECT place, holder FROM custody JOIN power_banks b ON b.id = bank_id"
        " WHERE b.serial = :serial AND upper_inf(period)",
        serial=serial,
    )
    return row.place, row.holder


def test_a_station_puts_out_one_bank_at_a_time(app: Flask, context: Flask, talker: Talker, hire: Hire) -> None:
    ram = hire()
    opened = ram.do("stations/A/open-slots", serials=["101", "103"])["items"]
    assert [(each["serial"], each["status"]) for each in opened] == [("101", "ejecting"), ("103", "waiting")]
    assert ram.get("me")["slots_opening"] == 2
    again = ram.do("stations/A/open-slots", serials=["101"])["items"]
    assert [each["id"] for each in again] == [opened[0]["id"]]
    assert put_out(talker, {1: "101", 2: "102", 3: "103"}) == ["101", "103"]
    assert states(app) == [("101", "out"), ("103", "out")]
    assert custody_of(app, "101") == ("crew", f"crew:{ram.id}")
    assert rows(app, "SELECT bank_id FROM bank_reservations") == []


def test_what_the_crew_puts_in_is_no_return_that_nobody_knows_of(
    app: Flask, context: Flask, talker: Talker, hire: Hire, work: Callable[..., None]
) -> None:
    ram = hire()
    ram.do("stations/A/open-slots", serials=["101"])
    put_out(talker, {1: "101", 2: "102", 3: "103"})
    talker.wait(60)
    talker.event("returned", 1, "101")
    work("critical", "iot", "notifications", "default")
    assert custody_of(app, "101") == ("slot", None)
    assert rows(app, "SELECT type FROM staff_notices WHERE type = 'unmatched_return'") == []


def test_nobody_rents_a_bank_that_is_about_to_go(app: Flask, context: Flask, talker: Talker, hire: Hire) -> None:
    ram = hire()
    [before] = rows(app, "SELECT available_banks FROM station_live")
    ram.do("stations/A/open-slots", serials=["101", "102"])
    [after] = rows(app, "SELECT available_banks FROM station_live")
    assert (before.available_banks, after.available_banks) == (3, 1)


def test_what_cannot_be_opened_is_refused_with_the_reason(
    app: Flask, context: Flask, talker: Talker, hire: Hire
) -> None:
    ram, maya = hire("ram"), hire("maya", zones=["Pokhara"])
    with transaction():
        prepared.reserve_bank(find_bank_id("102"), rental_id=talker.id)
    for body, code in (
        ({"serials": ["102"]}, "power_bank_promised"),
        ({"serials": ["104"]}, "not_in_station"),
        ({"slot_numbers": [4]}, "slot_empty"),
    ):
        refused = ram.ask("stations/A/open-slots", **body)
        assert (refused.status_code, refused.get_json()["code"]) == (409, code)
    assert ram.ask("stations/A/open-slots").status_code == 422
    refused = maya.ask("stations/A/open-slots", serials=["101"])
    assert (refused.status_code, refused.get_json()["code"]) == (403, "outside_zones")
    change(app, "UPDATE station_live SET online = false")
    assert ram.ask("stations/A/open-slots", serials=["101"]).get_json()["code"] == "station_offline"
    assert states(app) == []


def test_a_slot_that_refuses_leaves_the_bank_where_it_is(
    app: Flask, context: Flask, talker: Talker, hire: Hire
) -> None:
    ram = hire()
    ram.do("stations/A/open-slots", serials=["101", "102"])
    with transaction() as session:
        first = session.query(Opening).filter_by(status="ejecting").one()
        assert commands.claim_command(first.command_id, now=talker.now) is not None
    talker.wait(1)
    talker.answer(first.command_id, success=False, error="slot_stuck", slot_number=1, powerbank_sn="101")
    with transaction():
        openings.follow_command(first.command_id, "failed", now=talker.now)
    assert states(app) == [("101", "failed"), ("102", "ejecting")]
    assert custody_of(app, "101")[0] == "slot"
    assert put_out(talker, {1: "101", 2: "102", 3: "103"}) == ["102"]


def test_nobody_else_opens_a_slot_that_gave_no_answer(app: Flask, context: Flask, talker: Talker, hire: Hire) -> None:
    """The bank may be in the first one's hands, and the station would show no difference."""
    ram, maya = hire("ram"), hire("maya")
    opening_id = leave_unanswered(ram, talker)
    refused = maya.ask("stations/A/open-slots", serials=["101", "102"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "not_shown_by_station")
    assert refused.get_json()["serials"] == ["101"]
    assert states(app) == [("101", "unknown")]

    # The next snapshot shows the bank in its slot.
    talker.wait(1)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    with transaction():
        openings.follow_command(opening_id, "failed", now=talker.now)
    open_slot(maya, talker)
    assert put_out(talker, {1: "101", 2: "102", 3: "103"}) == ["101"]
    assert custody_of(app, "101") == ("crew", f"crew:{maya.id}")


def test_whoever_got_no_answer_tries_again(app: Flask, context: Flask, talker: Talker, hire: Hire) -> None:
    ram = hire()
    leave_unanswered(ram, talker)
    open_slot(ram, talker)
    assert put_out(talker, {1: "101", 2: "102", 3: "103"}) == ["101"]
    assert custody_of(app, "101") == ("crew", f"crew:{ram.id}")


def open_slot(member: Member, talker: Talker) -> None:
    """Open the slot of bank 101 at the time of the station, whose clock went on."""
    with transaction():
        openings.open_slots(UUID(member.id), "A", serials=["101"], slot_numbers=[], now=talker.now)


def leave_unanswered(member: Member, talker: Talker) -> UUID:
    """Let a member open the slot of bank 101, and the station say nothing. Give the command."""
    member.do("stations/A/open-slots", serials=["101"])
    with transaction() as session:
        opening = session.query(Opening).one()
        assert opening.command_id is not None
        assert commands.claim_command(opening.command_id, now=talker.now) is not None
        command = session.get_one(commands.StationCommand, opening.command_id)
    talker.pass_deadline(command)
    talker.pass_deadline(command)
    with transaction():
        openings.follow_command(command.id, "unknown", now=talker.now)
    return command.id


def test_a_late_fact_puts_the_bank_into_the_hands_all_the_same(
    app: Flask, context: Flask, talker: Talker, hire: Hire
) -> None:
    """The station never answered. Its next snapshot shows the slot empty."""
    ram = hire()
    command_id = leave_unanswered(ram, talker)
    assert states(app) == [("101", "unknown")]
    talker.wait(60)
    talker.snapshot({2: "102", 3: "103"})
    assert custody_of(app, "101") == ("crew", f"crew:{ram.id}")
    with transaction():
        openings.follow_command(command_id, "succeeded", now=talker.now)
    assert states(app) == [("101", "out")]


def test_a_refusal_says_nothing_of_the_opening_that_had_no_answer(
    app: Flask, context: Flask, talker: Talker, hire: Hire
) -> None:
    """The first opening put the bank out. A slot that is empty refuses the second one, and is seen an hour later."""
    ram = hire()
    leave_unanswered(ram, talker)
    open_slot(ram, talker)
    refuse_opening(talker)
    talker.wait(3600)
    talker.snapshot({2: "102", 3: "103"})
    assert custody_of(app, "101") == ("crew", f"crew:{ram.id}")
    assert rows(app, "SELECT kind FROM discrepancies") == []


def test_a_bank_that_is_seen_settles_all_that_had_no_answer(
    app: Flask, context: Flask, talker: Talker, hire: Hire
) -> None:
    ram = hire()
    leave_unanswered(ram, talker)
    open_slot(ram, talker)
    refuse_opening(talker)
    talker.wait(3600)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert [
        row.status for row in rows(app, "SELECT status FROM station_commands WHERE command = 'eject_powerbank'")
    ] == ["failed"] * 2
    talker.wait(3600)
    talker.snapshot({2: "102", 3: "103"})
    assert custody_of(app, "101")[0] == "slot"
    assert [row.kind for row in rows(app, "SELECT kind FROM discrepancies")] == ["bank_missing"]


def refuse_opening(talker: Talker) -> None:
    """Let the station refuse what it is just to put out."""
    with transaction() as session:
        opening = session.query(Opening).filter_by(status="ejecting").one()
        command_id, slot, serial = opening.command_id, opening.slot_number, opening.serial
        assert command_id is not None
        assert commands.claim_command(command_id, now=talker.now) is not None
    talker.wait(1)
    talker.answer(command_id, success=False, error="slot_stuck", slot_number=slot, powerbank_sn=serial)
    with transaction():
        openings.follow_command(command_id, "failed", now=talker.now)


def test_banks_change_hands(
    app: Flask, context: Flask, talker: Talker, hire: Hire, client: FlaskClient, operations: Headers
) -> None:
    ram, maya = hire("ram"), hire("maya")
    body = {"name": "Teku store", "city": "Kathmandu"}
    store = client.post("/api/admin/warehouses", json=body, headers=operations).get_json()
    assert (store["main"], store["stock"]) == (True, 1)
    assert ram.do("banks/take", serials=["104"])["banks_in_hand"] == ["104"]
    refused = maya.ask("banks/drop", serials=["104"], place="warehouse")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "not_in_hand")
    ram.do("banks/drop", serials=["104"], place="member", member_id=maya.id)
    assert (ram.get("me")["banks_in_hand"], maya.get("me")["banks_in_hand"]) == ([], ["104"])
    maya.do("banks/drop", serials=["104"], place="warehouse")
    assert custody_of(app, "104") == ("warehouse", f"warehouse:{store['id']}")
    shown = client.get("/api/admin/powerbanks/104", headers=operations).get_json()["custody"]
    assert [(stay["holder_name"], stay["cause"]) for stay in shown] == [
        ("Teku store", "handed in"),
        ("maya", "handed over"),
        ("ram", "taken from the warehouse"),
        (None, "registered"),
    ]


def test_a_bank_that_is_held_back_stays_in_hand_and_lies_apart_afterwards(
    app: Flask, context: Flask, talker: Talker, hire: Hire
) -> None:
    ram = hire()
    ram.do("banks/take", serials=["104"])
    with transaction():
        banks.quarantine_bank("104", reason="swollen", now=talker.now)
    assert ram.get("me")["banks_in_hand"] == ["104"]
    ram.do("banks/drop", serials=["104"], place="warehouse")
    assert custody_of(app, "104")[0] == "quarantined"


def test_a_count_finds_what_is_missing_and_what_is_too_much(
    app: Flask, context: Flask, make_station: Make, client: FlaskClient, operations: Headers
) -> None:
    make_station("A", charges={1: 90})
    client.post("/api/admin/powerbanks", json={"serials": ["W1", "W2", "W3"]}, headers=operations)
    store = client.post("/api/admin/warehouses", json={"name": "Teku"}, headers=operations).get_json()
    count = f"/api/admin/warehouses/{store['id']}/count"
    counted = client.post(count, json={"serials": ["W1", "W2", "A-1", "NEW"]}, headers=operations).get_json()
    assert (counted["expected"], counted["scanned"]) == (3, 4)
    assert (counted["missing"], counted["surplus"], counted["unknown"]) == (["W3"], ["A-1"], ["NEW"])
    found = client.get("/api/admin/discrepancies", headers=operations).get_json()["items"]
    assert sorted((each["kind"], each["serial"], each["warehouse"], each["station_sn"]) for each in found) == [
        ("bank_elsewhere", "A-1", "Teku", None),
        ("bank_missing", "W3", "Teku", None),
        ("unknown_serial", "NEW", "Teku", None),
    ]
    client.post(count, json={"serials": ["W1", "W2", "W3", "A-1"]}, headers=operations)
    found = client.get("/api/admin/discrepancies", headers=operations).get_json()["items"]
    assert [each["serial"] for each in found if each["kind"] == "bank_missing"] == []
    client.post("/api/admin/powerbanks/W3/write-off", json={"reason": "crushed"}, headers=operations)
    stock = client.get(f"/api/admin/warehouses/{store['id']}/stock", headers=operations).get_json()["items"]
    assert sorted(each["serial"] for each in stock) == ["W1", "W2"]


def test_a_member_does_not_leave_with_banks_in_hand(
    app: Flask, context: Flask, talker: Talker, hire: Hire, client: FlaskClient, operations: Headers
) -> None:
    ram = hire()
    ram.do("banks/take", serials=["104"])
    refused = client.delete(f"/api/admin/crew/{ram.id}", headers=operations)
    assert (refused.status_code, refused.get_json()["banks_in_hand"]) == (409, ["104"])
    assert client.delete("/api/users/me", headers=ram.headers).get_json()["code"] == "crew_work_unfinished"
    ram.do("banks/drop", serials=["104"], place="warehouse")
    assert client.delete(f"/api/admin/crew/{ram.id}", headers=operations).status_code == 204
    assert client.get("/api/crew/me", headers=ram.headers).get_json()["code"] == "not_crew"
