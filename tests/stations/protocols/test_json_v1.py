"""Messages of `json-v1` are decoded to events. What makes no sense is left out and noted."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from powerbank.stations.protocols.events import (
    Alarm,
    AlarmKind,
    Boot,
    CommandAnswer,
    Ejected,
    Heartbeat,
    Order,
    Presence,
    Proof,
    Returned,
    ReturnFailed,
    Seen,
    SlotReading,
    Snapshot,
    Works,
)
from tests.stations.protocols.examples import IMEI, NOW, RECEIVED, from_json, json_refused, odds, refused, understood

BANK = {"slot_number": 1, "status": "ok", "powerbank_sn": "PB-1", "battery_level": 88, "temperature": 31.5}
EMPTY = {"slot_number": 2, "status": "locked", "powerbank_sn": None}


def heartbeat(*slots: dict[str, Any], **more: Any) -> Any:
    return from_json("heartbeat", status="online", slots=list(slots), **more)


def test_a_heartbeat_is_a_sign_of_life_and_a_snapshot() -> None:
    found = from_json(
        "heartbeat",
        boot_id=7,
        seq=41,
        ts="2026-03-01T11:59:58Z",
        status="maintenance",
        hardware_info={"firmware": "1.4.2", "signal": 20},
        slots=[{**BANK, "metadata": {"cycles": 12}}, EMPTY],
    )
    order = Order(NOW, 7, 41, datetime(2026, 3, 1, 11, 59, 58, tzinfo=UTC))
    assert order.position == (7, 41)
    assert found.events == (
        Heartbeat(order, True, {"firmware": "1.4.2", "signal": 20}),
        Snapshot(
            order,
            (
                SlotReading(1, Works.OK, Seen.BANK, "PB-1", 88, 31.5, None, {"cycles": 12}),
                SlotReading(2, Works.LOCKED, Seen.EMPTY),
            ),
            complete=True,
        ),
    )
    assert found.notes == ()


def test_a_heartbeat_without_slots_shows_no_slots() -> None:
    assert from_json("heartbeat", status="online").events == (Heartbeat(RECEIVED, False),)


@pytest.mark.parametrize("broken", [{"powerbank_sn": "PB-2"}, {"slot_number": 0}, {"slot_number": 3}, "none", None])
def test_a_slot_without_number_or_contents_leaves_the_snapshot_incomplete(broken: Any) -> None:
    _, snapshot = heartbeat(BANK, broken).events
    assert [slot.number for slot in snapshot.slots] == [1]
    assert not snapshot.complete


@pytest.mark.parametrize("serial", ["", " ", "a b", "x" * 65, "\u0661", True, 1.5, [], "PB\x00", "-1"])
def test_a_serial_that_cannot_be_one_is_not_an_empty_slot(serial: Any) -> None:
    _, snapshot = heartbeat({**BANK, "powerbank_sn": serial}).events
    assert snapshot.slots[0].seen is Seen.UNREADABLE
    assert snapshot.slots[0].serial is None


@pytest.mark.parametrize("status", ["broken", None, 5, []])
def test_a_slot_of_unknown_state_is_not_rented_from(status: Any) -> None:
    found = heartbeat({**BANK, "status": status})
    assert found.events[1].slots[0].works is Works.FAULTY
    assert odds(found) == ["state"]


def test_the_first_of_two_reports_of_one_slot_counts() -> None:
    found = heartbeat(BANK, {**EMPTY, "slot_number": 1})
    assert [slot.serial for slot in found.events[1].slots] == ["PB-1"]
    assert not found.events[1].complete
    assert odds(found) == ["duplicate_slot"]


def test_one_serial_in_two_slots_is_noted() -> None:
    assert odds(heartbeat(BANK, {**BANK, "slot_number": 2})) == ["duplicate_serial"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("battery_level", 101),
        ("battery_level", -1),
        ("battery_level", "88"),
        ("temperature", 1e300),
        ("temperature", True),
    ],
)
def test_a_measurement_out_of_range_is_left_out(field: str, value: Any) -> None:
    found = heartbeat({**BANK, field: value})
    slot = found.events[1].slots[0]
    assert (slot.charge if field == "battery_level" else slot.temperature) is None
    assert slot.serial == "PB-1"
    assert odds(found) == ["field"]


@pytest.mark.parametrize("value", [-1, 2**63, 1.5, "7", True, [], 10**4000])
def test_a_counter_that_cannot_be_one_orders_nothing(value: Any) -> None:
    found = from_json("presence", online=True, boot_id=value, seq=3)
    assert found.events[0].order.position is None  # type: ignore[union-attr]
    assert odds(found) == ["field"]


@pytest.mark.parametrize(
    "time",
    [1772366400, 1772366400.0, 1772366400000, "2026-03-01T12:00:00Z", "2026-03-01T17:45:00+05:45"],
)
def test_times_come_in_several_ways(time: Any) -> None:
    assert from_json("presence", online=True, ts=time).events[0].order.device_time == NOW  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "time",
    [
        0,
        1e300,
        -1e300,
        10**300,
        "1970-01-01T00:00:00Z",
        "2026-03-01T12:00:00",
        "0001-01-01T00:00+23:59",
        "soon",
        {},
        True,
    ],
)
def test_a_time_that_a_clock_cannot_show_is_none(time: Any) -> None:
    found = from_json("presence", online=True, ts=time)
    assert found.events[0].order.device_time is None  # type: ignore[union-attr]
    assert odds(found) == ["field"]


EVENT = {"event_id": "e1", "slot_number": 4, "powerbank_sn": "PB-1", "battery_level": 12, "data": {"a": 1}}


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("returned", Returned(RECEIVED, "PB-1", 4, 12, event_id="e1")),
        ("ejected", Ejected(RECEIVED, "PB-1", 4, "e1")),
        ("slot_fault", Alarm(RECEIVED, AlarmKind.SLOT_FAULT, 4, "PB-1", 12, {"a": 1}, "e1")),
        ("tamper", Alarm(RECEIVED, AlarmKind.TAMPER, 4, "PB-1", 12, {"a": 1}, "e1")),
        ("overheat", Alarm(RECEIVED, AlarmKind.OVERHEAT, 4, "PB-1", 12, {"a": 1}, "e1")),
        ("boot", Boot(RECEIVED, {"a": 1}, "e1")),
    ],
)
def test_each_kind_of_event_is_decoded(kind: str, event: Any) -> None:
    assert from_json("events", type=kind, **EVENT).events == (event,)


def test_a_return_of_something_that_cannot_be_read_is_no_return() -> None:
    found = from_json("events", type="returned", slot_number=4, event_id="e1")
    assert found.events == (ReturnFailed(RECEIVED, None, 4, "no_serial", "e1"),)


@pytest.mark.parametrize("kind", ["exploded", "", "Returned", "ok"])
def test_an_unknown_event_is_undecodable(kind: str) -> None:
    assert json_refused("events", type=kind, **EVENT) == "unknown"
    assert json_refused("events", type=[kind]) == "shape"


def test_a_command_is_answered_under_its_id() -> None:
    found = from_json("responses/c1", success=True, slot_number=2, powerbank_sn="PB-1", boot_id=1, seq=2, data={})
    assert found.events == (CommandAnswer(Order(NOW, 1, 2), "c1", True, None, Proof.OUT, 2, "PB-1", {}),)


@pytest.mark.parametrize(
    ("error", "proof"),
    [
        ("slot_jammed", Proof.IN),
        ("maintenance", Proof.IN),
        (None, Proof.IN),
        ("timeout", Proof.NONE),
        ("not_confirmed", Proof.NONE),
        # The station finds no bank, or another one: the bank that was asked for may be out already.
        ("slot_empty", Proof.NONE),
        ("serial_mismatch", Proof.NONE),
    ],
)
def test_a_refusal_proves_that_the_bank_is_in_unless_the_station_is_not_sure(error: str | None, proof: Proof) -> None:
    (answer,) = from_json("responses/c1", success=False, error=error).events
    assert isinstance(answer, CommandAnswer)
    assert (answer.success, answer.error, answer.proof) == (False, error or "unspecified", proof)


def test_an_answer_says_whether_it_succeeded() -> None:
    assert json_refused("responses/c1", error="x") == "shape"
    assert json_refused("responses/c1", success="true") == "shape"


def test_presence_is_decoded() -> None:
    assert from_json("presence", online=False).events == (Presence(RECEIVED, False),)
    assert json_refused("presence", online=0) == "shape"


def test_a_payload_that_claims_another_station_or_command_is_refused() -> None:
    assert json_refused("presence", online=True, imei="860588049999999") == "mismatch"
    assert json_refused("responses/c1", success=True, command_id="c2") == "mismatch"
    assert from_json("presence", online=True, imei=IMEI)
    assert from_json("responses/c1", success=True, command_id="c1")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"\xff\xfe", "text"),
        (b'{"online": "\xc3\x28"}', "text"),
        (b"[" * 60_000, "json"),
        (b'{"a":' * 12_000, "json"),
        (b'{"seq": ' + b"9" * 60_000 + b"}", "json"),
        (b" " * 65_537, "too_long"),
        (b"[]", "shape"),
        (b"null", "shape"),
        (b'"online"', "shape"),
        (b"NaN", "shape"),
        (b"\xef\xbb\xbf{}", "json"),
        (b"{}", "shape"),
    ],
)
def test_an_undecodable_message_is_refused_with_a_short_reason(payload: bytes, reason: str) -> None:
    assert refused(f"stations/{IMEI}/presence", payload) == reason
    assert refused(f"stations/{IMEI}/heartbeat", payload) == reason


def test_free_data_is_cut_to_what_can_be_kept() -> None:
    deep: Any = 1
    for _ in range(60):
        deep = {"deeper": deep}
    data = {
        "deep": deep,
        "text": "x" * 5000,
        "bad": "a\x00b\ud800c",
        "huge": 10**300,
        "list": list(range(500)),
        "n\x00": 1,
    }
    payload = json.dumps({"type": "boot", "data": data}).replace('"huge"', '"nan": NaN, "inf": 1e999, "huge"').encode()
    found = understood(f"stations/{IMEI}/events", payload)
    (boot,) = found.events
    assert isinstance(boot, Boot)
    assert boot.data is not None
    kept: Any = boot.data
    assert json.dumps(kept).count("deeper") <= 4
    assert len(kept["text"]) == 500
    assert kept["bad"] == "a\ufffdb\ufffdc"
    assert kept["n\ufffd"] == 1
    assert (kept["huge"], kept["nan"], kept["inf"]) == (None, None, None)
    assert kept["list"] == list(range(64))
    assert odds(found) == ["shortened"]


def test_notes_are_limited_however_odd_a_message_is() -> None:
    found = heartbeat(*({"slot_number": number, "status": "?", "powerbank_sn": 1.5} for number in range(1, 256)))
    assert len(found.notes) == 20
    assert len(found.events[1].slots) == 255
