"""Messages of stations change slots, custody and commands, and publish events."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.custody import registration
from powerbank.stations.daemon.batches import BatchWriter, DatabaseAwayError
from powerbank.stations.events import PowerbankReturned, StationAlarm
from powerbank.stations.messages.message import ReceivedMessage
from tests.stations.conftest import Make
from tests.stations.talker import (
    Talker,
    find_live_row,
    find_serials_in_slots,
    list_heard_events,
    list_stays,
    query_rows,
    query_value,
)

pytestmark = pytest.mark.usefixtures("hear")


def test_registered_banks_are_where_they_are_first_seen(talker: Talker) -> None:
    assert list_stays("101") == [("warehouse", None, ""), ("slot", 1, "")]
    assert (find_live_row(talker).available_banks, find_live_row(talker).free_slots, find_live_row(talker).online) == (
        3,
        1,
        True,
    )
    assert query_rows("SELECT * FROM discrepancies") == []
    assert list_heard_events(PowerbankReturned) == []


def test_an_unchanged_heartbeat_only_moves_last_seen(talker: Talker) -> None:
    before = query_value("SELECT count(*) FROM station_messages")
    closely = talker.writer.counts["closely"]
    for _ in range(3):
        talker.wait(30)
        talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert query_value("SELECT count(*) FROM station_messages") == before
    assert talker.writer.counts["closely"] == closely
    assert find_live_row(talker).last_seen == talker.now


def test_charges_change_without_a_comparison(talker: Talker) -> None:
    closely = talker.writer.counts["closely"]
    talker.snapshot({1: ("101", 29), 2: "102", 3: "103"})
    assert talker.writer.counts["closely"] == closely
    assert query_value("SELECT charge FROM slots WHERE bank_serial = '101'") == 29
    assert find_live_row(talker).available_banks == 2
    talker.snapshot({1: ("101", 31), 2: "102", 3: "103"})
    assert find_live_row(talker).available_banks == 3


def test_a_bank_registered_after_it_was_seen_is_seated_by_the_next_snapshot(talker: Talker) -> None:
    talker.snapshot({1: "101", 2: "102", 3: "103", 4: "999"})
    [row] = query_rows("SELECT kind, serial, slot_number FROM discrepancies WHERE resolved_at IS NULL")
    assert tuple(row) == ("unknown_serial", "999", 4)
    assert find_live_row(talker).available_banks == 3
    with transaction():
        registration.register_banks(serials=["999"], model=None, now=utcnow())
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103", 4: "999"})
    assert list_stays("999")[-1] == ("slot", 4, "")
    assert find_live_row(talker).available_banks == 4
    assert query_rows("SELECT * FROM discrepancies WHERE resolved_at IS NULL") == []


def test_a_bank_that_leaves_unrequested_is_missing_until_it_is_back(talker: Talker) -> None:
    talker.snapshot({2: "102", 3: "103"})
    [row] = query_rows("SELECT kind, serial FROM discrepancies WHERE resolved_at IS NULL")
    assert tuple(row) == ("bank_missing", "101")
    assert list_stays("101")[-1] == ("slot", 1, "")
    assert find_live_row(talker).available_banks == 2
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert query_rows("SELECT * FROM discrepancies WHERE resolved_at IS NULL") == []


def test_a_bank_of_another_station_is_not_taken_over_by_saying_so(talker: Talker, make_station: Make) -> None:
    other = Talker(make_station("B"), talker.now)
    other.snapshot({1: "101"})
    [row] = query_rows("SELECT kind, station_id FROM discrepancies WHERE resolved_at IS NULL")
    assert tuple(row) == ("bank_elsewhere", other.id)
    assert list_stays("101")[-1] == ("slot", 1, "")
    assert find_live_row(other).available_banks == 0
    talker.snapshot({2: "102", 3: "103"})  # now its own station misses it
    other.wait(30)
    other.snapshot({1: "101"})
    assert (
        query_value(
            "SELECT station_id FROM custody WHERE upper_inf(period) AND bank_id ="
            " (SELECT id FROM power_banks WHERE serial = '101')"
        )
        == other.id
    )
    assert query_rows("SELECT * FROM discrepancies WHERE resolved_at IS NULL") == []
    assert list_heard_events(PowerbankReturned) == []


def test_slots_that_cannot_be_read_are_neither_free_nor_rentable(talker: Talker) -> None:
    slots = [
        {"slot_number": 1, "status": "ok", "powerbank_sn": ""},
        {"slot_number": 4, "status": "ok", "powerbank_sn": ""},
    ]
    talker.say("heartbeat", {"status": "online", "slots": slots})
    assert find_serials_in_slots(talker.id) == {1: "101", 2: "102", 3: "103", 4: None}
    assert (find_live_row(talker).available_banks, find_live_row(talker).free_slots) == (2, 0)


def test_old_snapshots_are_kept_and_not_applied(talker: Talker) -> None:
    talker.snapshot({1: "101", 2: "102"})
    old = {"boot_id": 1, "seq": 1, "ts": utcnow().isoformat()}
    talker.snapshot({4: "104"}, **{**old, "boot_id": 0, "seq": 999})
    assert find_serials_in_slots(talker.id) == {1: "101", 2: "102", 3: None, 4: None}
    assert query_value("SELECT count(*) FROM station_messages WHERE outcome = 'stale'") == 1
    assert find_live_row(talker).last_seen == talker.now


@pytest.mark.parametrize("skew", [timedelta(days=2), timedelta(days=-2)])
def test_a_wrong_clock_of_a_station_does_not_reorder_messages(talker: Talker, skew: timedelta) -> None:
    ts = (talker.now + skew).isoformat()
    talker.snapshot({1: "101"}, boot_id=1, seq=50, ts=ts)
    talker.snapshot({2: "102"}, boot_id=1, seq=49, ts=talker.now.isoformat())
    assert find_serials_in_slots(talker.id) == {1: "101", 2: None, 3: None, 4: None}
    talker.snapshot({2: "102"}, boot_id=2, seq=1, ts=(talker.now - 2 * skew).isoformat())
    assert find_serials_in_slots(talker.id) == {1: None, 2: "102", 3: None, 4: None}


def test_a_station_that_lost_its_count_is_believed_when_it_goes_on(talker: Talker) -> None:
    talker.snapshot({1: "101"}, boot_id=7, seq=500, ts=talker.now.isoformat())
    for seq in range(1, 6):
        assert find_serials_in_slots(talker.id) == {1: "101", 2: None, 3: None, 4: None}
        talker.wait(30)
        talker.snapshot({2: "102"}, boot_id=7, seq=seq, ts=talker.now.isoformat())
    assert find_serials_in_slots(talker.id) == {1: None, 2: "102", 3: None, 4: None}
    talker.snapshot({3: "103"}, boot_id=7, seq=6, ts=talker.now.isoformat())
    assert find_serials_in_slots(talker.id)[3] == "103"


def test_a_late_heartbeat_says_nothing_of_now(talker: Talker) -> None:
    """One that came late neither takes the station out of service nor names the firmware of today."""
    talker.say("heartbeat", {"status": "online", "hardware_info": {"firmware": "2.0"}, "slots": []})
    talker.say(
        "heartbeat", {"status": "maintenance", "hardware_info": {"firmware": "1.0"}, "slots": []}, boot_id=1, seq=0
    )
    told = "SELECT reports_maintenance, firmware FROM station_state JOIN station_live USING (station_id)"
    assert query_rows(f"{told} WHERE station_id = :id", id=talker.id) == [(False, "2.0")]


def test_late_snapshots_between_new_ones_do_not_add_up_to_a_restart(talker: Talker) -> None:
    for number in range(8):
        talker.snapshot({1: "101"}, boot_id=2, seq=100 + number, ts=talker.now.isoformat())
        talker.snapshot({2: "102"}, boot_id=1, seq=10 + number, ts=talker.now.isoformat())
    assert find_serials_in_slots(talker.id) == {1: "101", 2: None, 3: None, 4: None}


def test_alarms_are_told_and_a_faulty_slot_is_out_of_use(talker: Talker) -> None:
    payload = talker.event("slot_fault", 1, None)
    talker.take(f"stations/{talker.imei}/events", payload)
    talker.event("overheat", None, None)
    assert [told["kind"] for told in list_heard_events(StationAlarm)] == ["slot_fault", "overheat"]
    assert find_live_row(talker).available_banks == 2


def test_undecodable_messages_are_counted_and_kept(talker: Talker) -> None:
    for payload in (b"", b"{", b"\xff\xfe", b"[1, 2]", b"[" * 5000, b'{"seq": NaN}'):
        talker.take(f"stations/{talker.imei}/heartbeat", payload)
    talker.take("/powerbank/imei-A/user/update", b"\xa8")
    talker.take("stations/nobody/heartbeat", b"{}")
    assert query_value("SELECT undecodable FROM station_state") == 7
    assert query_value("SELECT count(*) FROM station_messages WHERE outcome = 'undecodable'") == 7
    assert talker.writer.counts["strangers"] == 1


def test_one_message_that_breaks_our_code_stops_no_other(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    from powerbank.stations.messages import returns

    def broken(*_: Any, **__: Any) -> bool:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(returns, "record_return", broken)
    talker.event("returned", 4, "104")
    monkeypatch.undo()
    talker.snapshot({1: "101", 2: "102", 3: "103", 4: "104"})
    assert query_value("SELECT reason FROM station_messages WHERE outcome = 'failed'").startswith("ZeroDivisionError")
    assert find_serials_in_slots(talker.id)[4] == "104"


def test_a_message_waits_for_a_server_that_takes_no_writes(make_station: Make) -> None:
    """As a primary that was killed, until it is the primary again. What the daemon acknowledged then would be lost."""
    station, writer = make_station("A"), BatchWriter()
    body = b'{"event_id": "1", "type": "boot"}'
    said = [ReceivedMessage(f"stations/{station.imei}/events", body, utcnow())]

    def take_no_writes(connection: Connection) -> None:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    event.listen(db.engine, "begin", take_no_writes)
    try:
        with pytest.raises(DatabaseAwayError):
            writer.write(said)
    finally:
        event.remove(db.engine, "begin", take_no_writes)
    assert query_value("SELECT count(*) FROM station_messages") == 0
    writer.write(said)
    assert query_value("SELECT count(*) FROM station_messages") == 1


def test_the_daemon_shows_that_it_lives_after_each_station_of_a_long_batch(make_station: Make) -> None:
    stations, turns = [make_station("A"), make_station("B")], list[int]()
    writer = BatchWriter(after_station=lambda: turns.append(query_value("SELECT count(*) FROM station_messages")))
    body = b'{"event_id": "1", "type": "boot"}'
    writer.write([ReceivedMessage(f"stations/{each.imei}/events", body, utcnow()) for each in stations])
    assert turns == [1, 2]
