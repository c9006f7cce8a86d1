"""What stations say, and what the database then holds: slots, custody, commands, and what others are told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from powerbank.db import transaction, utcnow
from powerbank.errors import AppError
from powerbank.stations import banks, commanding, reports
from powerbank.stations.intake import Intake
from powerbank.stations.messages import Received
from tests.stations.conftest import Make
from tests.stations.talking import Talker, heard, live, rows, status, stays, value, view

pytestmark = pytest.mark.usefixtures("hear")


# ── snapshots ─────────────────────────────────────────────────────────────────────────────────────────


def test_registered_banks_are_where_they_are_first_seen(talker: Talker) -> None:
    assert stays("101") == [("warehouse", None, ""), ("slot", 1, "")]
    assert (live(talker).available_banks, live(talker).free_slots, live(talker).online) == (3, 1, True)
    assert rows("SELECT * FROM discrepancies") == []
    assert heard("powerbank_returned") == []


def test_an_unchanged_heartbeat_only_moves_last_seen(talker: Talker) -> None:
    before = value("SELECT count(*) FROM station_reports")
    closely = talker.intake.counts["closely"]
    for _ in range(3):
        talker.wait(30)
        talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert value("SELECT count(*) FROM station_reports") == before
    assert talker.intake.counts["closely"] == closely
    assert live(talker).last_seen == talker.now


def test_charges_move_without_a_closer_look(talker: Talker) -> None:
    closely = talker.intake.counts["closely"]
    talker.snapshot({1: ("101", 29), 2: "102", 3: "103"})
    assert talker.intake.counts["closely"] == closely
    assert value("SELECT charge FROM slots WHERE bank_serial = '101'") == 29
    assert live(talker).available_banks == 2
    talker.snapshot({1: ("101", 31), 2: "102", 3: "103"})
    assert live(talker).available_banks == 3


def test_a_bank_registered_after_it_was_seen_is_seated_by_the_next_snapshot(talker: Talker) -> None:
    talker.snapshot({1: "101", 2: "102", 3: "103", 4: "999"})
    [row] = rows("SELECT kind, serial, slot_number FROM discrepancies WHERE resolved_at IS NULL")
    assert tuple(row) == ("unknown_serial", "999", 4)
    assert live(talker).available_banks == 3
    with transaction():
        banks.register(serials=["999"], model=None, now=utcnow())
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103", 4: "999"})
    assert stays("999")[-1] == ("slot", 4, "")
    assert live(talker).available_banks == 4
    assert rows("SELECT * FROM discrepancies WHERE resolved_at IS NULL") == []


def test_a_bank_that_is_gone_unasked_is_missed_and_welcome_back(talker: Talker) -> None:
    talker.snapshot({2: "102", 3: "103"})
    [row] = rows("SELECT kind, serial FROM discrepancies WHERE resolved_at IS NULL")
    assert tuple(row) == ("bank_missing", "101")
    assert stays("101")[-1] == ("slot", 1, "")
    assert live(talker).available_banks == 2
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert rows("SELECT * FROM discrepancies WHERE resolved_at IS NULL") == []


def test_a_bank_of_another_station_is_not_taken_over_by_saying_so(talker: Talker, make_station: Make) -> None:
    other = Talker(make_station("B"), talker.now)
    other.snapshot({1: "101"})
    [row] = rows("SELECT kind, station_id FROM discrepancies WHERE resolved_at IS NULL")
    assert tuple(row) == ("bank_elsewhere", other.id)
    assert stays("101")[-1] == ("slot", 1, "")
    assert live(other).available_banks == 0
    talker.snapshot({2: "102", 3: "103"})  # now its own station misses it
    other.wait(30)
    other.snapshot({1: "101"})
    assert value("SELECT station_id FROM custody WHERE upper_inf(period) AND bank_id ="
                 " (SELECT id FROM power_banks WHERE serial = '101')") == other.id  # fmt: skip
    assert rows("SELECT * FROM discrepancies WHERE resolved_at IS NULL") == []
    assert heard("powerbank_returned") == []


def test_slots_that_cannot_be_read_are_neither_free_nor_rentable(talker: Talker) -> None:
    slots = [{"slot_number": 1, "status": "ok", "powerbank_sn": ""}, {"slot_number": 4, "status": "ok",
             "powerbank_sn": ""}]  # fmt: skip
    talker.say("heartbeat", {"status": "online", "slots": slots})
    assert view(talker.id) == {1: "101", 2: "102", 3: "103", 4: None}
    assert (live(talker).available_banks, live(talker).free_slots) == (2, 0)


# ── order ─────────────────────────────────────────────────────────────────────────────────────────────


def test_old_snapshots_are_kept_and_not_applied(talker: Talker) -> None:
    talker.snapshot({1: "101", 2: "102"})
    old = {"boot_id": 1, "seq": 1, "ts": utcnow().isoformat()}
    talker.snapshot({4: "104"}, **{**old, "boot_id": 0, "seq": 999})
    assert view(talker.id) == {1: "101", 2: "102", 3: None, 4: None}
    assert value("SELECT count(*) FROM station_reports WHERE outcome = 'stale'") == 1
    assert live(talker).last_seen == talker.now


@pytest.mark.parametrize("skew", [timedelta(days=2), timedelta(days=-2)])
def test_clocks_do_not_matter(talker: Talker, skew: timedelta) -> None:
    ts = (talker.now + skew).isoformat()
    talker.snapshot({1: "101"}, boot_id=1, seq=50, ts=ts)
    talker.snapshot({2: "102"}, boot_id=1, seq=49, ts=talker.now.isoformat())
    assert view(talker.id) == {1: "101", 2: None, 3: None, 4: None}
    talker.snapshot({2: "102"}, boot_id=2, seq=1, ts=(talker.now - 2 * skew).isoformat())
    assert view(talker.id) == {1: None, 2: "102", 3: None, 4: None}


def test_a_station_that_lost_its_count_is_believed_when_it_goes_on(talker: Talker) -> None:
    talker.snapshot({1: "101"}, boot_id=7, seq=500, ts=talker.now.isoformat())
    for seq in range(1, 6):
        assert view(talker.id) == {1: "101", 2: None, 3: None, 4: None}
        talker.wait(30)
        talker.snapshot({2: "102"}, boot_id=7, seq=seq, ts=talker.now.isoformat())
    assert view(talker.id) == {1: None, 2: "102", 3: None, 4: None}
    talker.snapshot({3: "103"}, boot_id=7, seq=6, ts=talker.now.isoformat())
    assert view(talker.id)[3] == "103"


def test_late_snapshots_between_new_ones_do_not_add_up_to_a_restart(talker: Talker) -> None:
    for number in range(8):
        talker.snapshot({1: "101"}, boot_id=2, seq=100 + number, ts=talker.now.isoformat())
        talker.snapshot({2: "102"}, boot_id=1, seq=10 + number, ts=talker.now.isoformat())
    assert view(talker.id) == {1: "101", 2: None, 3: None, 4: None}


# ── ejections ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_confirmed_ejection_moves_custody_and_ends_the_promise(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.wait(2)
    talker.event("ejected", 1, "101")
    talker.answer(command.id, slot_number=1, powerbank_sn="101")
    assert status(command) == ("succeeded", "confirmed")
    assert stays("101")[-1] == ("user", None, str(command.rental_id))
    assert rows("SELECT * FROM bank_reservations") == []
    assert view(talker.id)[1] is None
    assert (live(talker).available_banks, live(talker).free_slots) == (2, 2)
    assert heard("station_command_settled") == [{"command_id": str(command.id), "status": "succeeded"}]
    ended = value("SELECT lower(period) FROM custody WHERE place = 'user'")
    assert ended == talker.now
    assert value("SELECT cycles FROM power_banks WHERE serial = '101'") == 1


def test_a_refusal_is_final_at_once(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.answer(command.id, success=False, error="slot_jammed")
    assert status(command) == ("failed", "refused")
    assert stays("101")[-1] == ("slot", 1, "")
    assert talker.rent(2, "102").status == "sent"


def test_one_ejection_at_a_time(talker: Talker) -> None:
    talker.rent(1, "101")
    with pytest.raises(AppError) as refused, transaction():
        commanding.request(
            station_id=talker.id, command="eject_powerbank", parameters={"slot_number": 2, "powerbank_sn": "102"},
            requested_by="x", now=talker.now,
        )  # fmt: skip
    assert refused.value.code == "station_busy"


def test_without_an_answer_a_snapshot_shows_that_the_bank_is_gone(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    assert status(command) == ("sent", None)
    assert value("SELECT count(*) FROM station_commands WHERE command = 'get_status'") == 1
    talker.wait(3)
    talker.snapshot({2: "102", 3: "103"})
    assert status(command) == ("succeeded", "snapshot")
    assert value("SELECT lower(period) FROM custody WHERE place = 'user'") == command.sent_at
    assert rows("SELECT * FROM discrepancies") == []


def test_without_an_answer_a_snapshot_shows_that_the_bank_is_still_in(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.wait(10)
    talker.snapshot({1: "101", 2: "102", 3: "103"})  # says nothing yet: it may be about to come out
    assert status(command) == ("sent", None)
    talker.pass_deadline(command)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert status(command) == ("failed", "still_in")


def test_without_a_snapshot_nobody_knows_until_the_station_speaks_again(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.pass_deadline(command)
    assert status(command)[0] == "unknown"
    talker.wait(4000)
    talker.snapshot({2: "102", 3: "103"})
    assert status(command) == ("succeeded", "snapshot")
    assert [each["status"] for each in heard("station_command_settled")] == ["unknown", "succeeded"]


def test_what_nobody_knew_may_turn_out_to_have_failed(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.pass_deadline(command)
    talker.wait(4000)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert status(command) == ("failed", "still_in")


def test_a_refused_ejection_that_comes_out_after_all(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.answer(command.id, success=False, error="slot_jammed")
    talker.wait(20)
    talker.snapshot({2: "102", 3: "103"})
    assert status(command) == ("succeeded", "snapshot")
    assert stays("101")[-1][0] == "user"


def test_one_that_never_went_out_expires(talker: Talker) -> None:
    with transaction():
        command = commanding.request(
            station_id=talker.id, command="eject_powerbank", parameters={"slot_number": 1, "powerbank_sn": "101"},
            requested_by="x", now=talker.now,
        )  # fmt: skip
    talker.pass_deadline(command)
    assert status(command) == ("expired", None)
    with transaction():
        assert commanding.claim(command.id, now=talker.now) is None


def test_a_command_is_claimed_once(talker: Talker) -> None:
    command = talker.rent(1, "101")
    with transaction():
        assert commanding.claim(command.id, now=talker.now) is None


def test_an_answer_of_another_station_is_not_heard(talker: Talker, make_station: Make) -> None:
    command = talker.rent(1, "101")
    Talker(make_station("B"), talker.now).answer(command.id)
    assert status(command)[0] == "sent"


def test_a_bank_that_was_said_to_be_out_and_is_not(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.answer(command.id, slot_number=1, powerbank_sn="101")
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    [undone] = heard("ejection_undone")
    assert (undone["rental_id"], undone["slot_number"]) == (str(command.rental_id), 1)
    assert stays("101")[-1] == ("slot", 1, "")
    assert heard("powerbank_returned") == []


# ── returns ───────────────────────────────────────────────────────────────────────────────────────────


def out(talker: Talker, slot_number: int = 1, serial: str = "101") -> UUID:
    command = talker.rent(slot_number, serial)
    talker.answer(command.id, slot_number=slot_number, powerbank_sn=serial)
    talker.wait(600)
    talker.snapshot({number: f"10{number}" for number in (1, 2, 3) if number != slot_number})
    assert command.rental_id is not None
    return command.rental_id


def test_a_return_is_told_once_however_often_it_comes(talker: Talker) -> None:
    rental = out(talker)
    talker.wait(5)
    payload = talker.event("returned", 4, "101")
    talker.take(f"stations/{talker.imei}/events", payload)
    talker.event("returned", 4, "101")
    talker.snapshot({2: "102", 3: "103", 4: "101"})
    [told] = heard("powerbank_returned")
    assert (told["rental_id"], told["slot_number"], told["how"], told["provisional"]) == (
        str(rental), 4, "event", False)  # fmt: skip
    assert told["returned_at"] == told["received_at"] == talker.now.isoformat()
    assert stays("101")[-1] == ("slot", 4, "")
    assert live(talker).available_banks == 3


def test_a_lost_return_is_seen_in_the_next_snapshot(talker: Talker) -> None:
    rental = out(talker)
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    [told] = heard("powerbank_returned")
    assert (told["rental_id"], told["how"], told["returned_at"]) == (str(rental), "snapshot", talker.now.isoformat())
    talker.event("returned", 1, "101")  # and then it comes all the same
    assert len(heard("powerbank_returned")) == 1


def test_a_station_that_was_offline_is_not_the_renters_fault(talker: Talker) -> None:
    out(talker)
    last = talker.now
    talker.wait(3600)
    talker.event("returned", 1, "101", ts=(talker.now + timedelta(days=2)).isoformat(), boot_id=1, seq=900)
    [told] = heard("powerbank_returned")
    assert told["returned_at"] == last.isoformat()


def test_events_kept_while_offline_have_their_own_times(talker: Talker) -> None:
    for number in (1, 2):
        command = talker.rent(number, f"10{number}")
        talker.answer(command.id)
        talker.wait(1)
    talker.wait(60)
    talker.snapshot({3: "103"})
    begun = talker.now
    talker.wait(7200)
    for number in (1, 2):
        at = begun + timedelta(minutes=10 * number)
        talker.event("returned", number, f"10{number}", ts=at.isoformat(), boot_id=1, seq=800 + number)
    assert [told["returned_at"] for told in heard("powerbank_returned")] == [
        (begun + timedelta(minutes=minutes)).isoformat() for minutes in (10, 20)
    ]


def test_an_old_return_does_not_end_a_later_rental(talker: Talker, make_station: Make) -> None:
    """Put in at A, which was offline; carried to B by hand; rented from B; and only then A tells."""
    first = out(talker)
    returned_at = talker.now + timedelta(minutes=5)
    other = Talker(make_station("B"), talker.now + timedelta(minutes=20))
    other.snapshot({1: "101"})
    other.wait(60)
    command = other.rent(1, "101")
    other.answer(command.id)
    talker.now = other.now + timedelta(hours=1)
    talker.event("returned", 4, "101", ts=returned_at.isoformat(), boot_id=1, seq=900)
    told = heard("powerbank_returned")
    assert [each["rental_id"] for each in told] == [str(first), str(first)]
    assert told[1]["returned_at"] == returned_at.isoformat()
    assert stays("101")[-1] == ("user", None, str(command.rental_id))


def test_an_overtaken_return_without_a_clock_does_not_end_a_later_rental(talker: Talker) -> None:
    first = out(talker)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    talker.wait(60)
    second = out(talker)
    assert first != second
    talker.event("returned", 1, "101", boot_id=1, seq=3, ts="1999-01-01T00:00:00Z")
    assert stays("101")[-1] == ("user", None, str(second))
    assert [told["rental_id"] for told in heard("powerbank_returned")] == [str(first), str(first)]


def test_a_return_proves_an_ejection_that_nobody_confirmed(talker: Talker, make_station: Make) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.pass_deadline(command)
    other = Talker(make_station("B"), talker.now)
    other.snapshot({})
    other.wait(300)
    other.event("returned", 2, "101")
    assert status(command) == ("succeeded", "returned")
    assert [stay[0] for stay in stays("101")][-2:] == ["user", "slot"]
    [told] = heard("powerbank_returned")
    assert told["rental_id"] == str(command.rental_id)


def test_a_return_that_no_rental_explains_is_told_without_one(talker: Talker) -> None:
    talker.event("returned", 4, "104")
    [told] = heard("powerbank_returned")
    assert told["rental_id"] == ""
    assert stays("104")[-1] == ("slot", 4, "")


def test_an_unknown_serial_is_no_stock(talker: Talker) -> None:
    talker.event("returned", 4, "777")
    assert rows("SELECT * FROM power_banks WHERE serial = '777'") == []
    assert value("SELECT kind FROM discrepancies") == "unknown_serial"
    assert live(talker).available_banks == 3


def test_gateways_over_http_tell_of_repeats(talker: Talker) -> None:
    rental = out(talker)
    arguments: dict[str, Any] = {
        "station_imei": talker.imei, "slot_number": 1, "serial": "101", "charge": 50, "event_id": "g-1",
        "ts": talker.now, "received_at": talker.now + timedelta(seconds=1),
    }  # fmt: skip
    with transaction():
        assert not reports.note_http_return(**arguments).repeat
    with transaction():
        assert reports.note_http_return(**arguments).repeat
    with transaction(), pytest.raises(AppError):
        reports.note_http_return(**arguments | {"station_imei": "nobody"})
    [told] = heard("powerbank_returned")
    assert told["rental_id"] == str(rental)


def test_a_bank_that_comes_back_to_its_slot_was_out(talker: Talker) -> None:
    """Neither the ejection nor anything else was heard of, until the event of the return."""
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.event("returned", 1, "101")
    assert status(command) == ("succeeded", "returned")
    assert [stay[0] for stay in stays("101")] == ["warehouse", "slot", "user", "slot"]
    assert view(talker.id)[1] == "101"
    assert [told["rental_id"] for told in heard("powerbank_returned")] == [str(command.rental_id)]


# ── cabinets without numbers or clocks ────────────────────────────────────────────────────────────────


def frame(command: int, *body: int) -> bytes:
    sized = bytes([0xA8, 0, len(body) + 5, command, *body])
    return sized + bytes([-sum(sized) % 256])


@pytest.fixture
def cabinet(make_station: Make) -> Talker:
    station = make_station("C", protocol="volinks-v1")
    with transaction():
        banks.register(serials=["258"], model=None, now=utcnow())
    cabinet = Talker(station)
    cabinet.take(UPDATE, holes(258))
    cabinet.wait(60)
    return cabinet


UPDATE = "/powerbank/imei-C/user/update"


def holes(serial: int) -> bytes:
    first = (1, 1, 0, 236, 0, *serial.to_bytes(4, "big"), 90, 25, 50, 1, 13, 0)
    others = ((number, 0, *[0] * 12, 0x80) for number in (2, 3, 4))
    return frame(0x10, 0x10, 0, 0, 25, 1, 1, *(first if serial else (1, 0, *[0] * 12, 0x80)),
                 *(byte for hole in others for byte in hole))  # fmt: skip


RETURNED = (0x10, 1, 0, 0, 0, 1, 2)


def test_a_provisional_return_ends_with_its_self_test(cabinet: Talker) -> None:
    command = cabinet.rent(1, "258")
    cabinet.take(UPDATE, frame(0x31, 1, 0, 0, 1, 2, 1, 0))
    assert status(command) == ("succeeded", "confirmed")
    assert value("SELECT count(*) FROM station_commands WHERE command = 'get_status'") == 1  # to see it gone
    cabinet.take(UPDATE, holes(0))
    cabinet.wait(300)
    for _ in range(2):
        cabinet.take(UPDATE, frame(0x40, *RETURNED, 0x24, 13, 80))
    [told] = heard("powerbank_returned")
    assert (told["rental_id"], told["provisional"]) == (str(command.rental_id), True)
    test = frame(0x28, 0x10, 1, 0x24, 0, 0, 0, 0, 0, 1, 2, 80, 25, 50, 1, 13, 1)
    for _ in range(2):
        cabinet.take(UPDATE, test)
    [tested] = heard("return_self_tested")
    assert (tested["rental_id"], tested["passed"], tested["slot_number"]) == (str(command.rental_id), False, 1)
    assert value("SELECT quarantine_reason FROM power_banks WHERE serial = '258'").startswith("self-test")


def test_a_refusal_that_proves_nothing_is_followed_by_a_look(cabinet: Talker) -> None:
    command = cabinet.rent(1, "258")
    cabinet.take(UPDATE, frame(0x31, 1, 0, 0, 1, 2, 0xFC, 0))
    assert status(command) == ("acknowledged", None)
    cabinet.take(UPDATE, holes(258))  # too soon: the cabinet has not looked itself
    assert status(command)[0] == "acknowledged"
    cabinet.wait(6)
    cabinet.take(UPDATE, holes(258))
    assert status(command) == ("failed", "still_in")


def test_a_cabinet_is_asked_for_its_slots_when_it_only_beats(cabinet: Talker) -> None:
    cabinet.wait(600)
    cabinet.take("/powerbank/imei-C/user/heart", bytes.fromhex("A800117A104353513A32373B42503A30FC"))
    assert value("SELECT count(*) FROM station_commands WHERE command = 'get_status'") == 1
    assert live(cabinet).last_seen == cabinet.now


# ── alerts and nonsense ───────────────────────────────────────────────────────────────────────────────


def test_alarms_are_told_and_a_faulty_slot_is_out_of_use(talker: Talker) -> None:
    payload = talker.event("slot_fault", 1, None)
    talker.take(f"stations/{talker.imei}/events", payload)
    talker.event("overheat", None, None)
    assert [told["kind"] for told in heard("station_alarm")] == ["slot_fault", "overheat"]
    assert live(talker).available_banks == 2


def test_nonsense_is_counted_and_kept(talker: Talker) -> None:
    for payload in (b"", b"{", b"\xff\xfe", b"[1, 2]", b"[" * 5000, b'{"seq": NaN}'):
        talker.take(f"stations/{talker.imei}/heartbeat", payload)
    talker.take("/powerbank/imei-A/user/update", b"\xa8")
    talker.take("stations/nobody/heartbeat", b"{}")
    assert value("SELECT undecodable FROM station_state") == 7
    assert value("SELECT count(*) FROM station_reports WHERE outcome = 'undecodable'") == 7
    assert talker.intake.counts["strangers"] == 1


def test_one_message_that_breaks_our_code_stops_no_other(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    from powerbank.stations import returning

    def broken(*_: Any, **__: Any) -> bool:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(returning, "returned", broken)
    talker.event("returned", 4, "104")
    monkeypatch.undo()
    talker.snapshot({1: "101", 2: "102", 3: "103", 4: "104"})
    assert value("SELECT reason FROM station_reports WHERE outcome = 'failed'").startswith("ZeroDivisionError")
    assert view(talker.id)[4] == "104"


def test_the_daemon_may_show_life_after_each_station_of_a_long_batch(make_station: Make) -> None:
    stations, turns = [make_station("A"), make_station("B")], list[int]()
    intake = Intake(between=lambda: turns.append(value("SELECT count(*) FROM station_reports")))
    body = b'{"event_id": "1", "type": "boot"}'
    intake.take([Received(f"stations/{each.imei}/events", body, utcnow()) for each in stations])
    assert turns == [1, 2]
