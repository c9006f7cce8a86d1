"""The frames of `volinks-v1`, the published ones first."""

import pytest

from powerbank.stations.protocols.events import (
    Ejected,
    EjectFailed,
    Heartbeat,
    Proof,
    Returned,
    ReturnFailed,
    ReturnSelfTest,
    Seen,
    SlotReading,
    Snapshot,
    Works,
)
from powerbank.stations.protocols.protocol import Decoded, StationFacts
from powerbank.stations.protocols.volinks_states import EJECT_STATES, HOLE_STATES, RETURN_STATES
from tests.stations.protocols.examples import IMEI, RECEIVED, decode, odds, refused, understood

UPDATE, HEART = f"/powerbank/{IMEI}/user/update", f"/powerbank/{IMEI}/user/heart"

# The maker publishes these bytes, with a wrong check code.
PUBLISHED_HEARTBEAT = bytes.fromhex("A8 00 11 7A 10 43 53 51 3A 32 37 3B 42 50 3A 30 FC")
PUBLISHED_POPUP = bytes.fromhex("A8 00 09 21 10 01 01 02 1A")

PUBLISHED_BOARDS = (
    "01 FF FF 00 04 16",
    "01 01 00 EC 00 05 11 49 F1 64 1F 32 01 0D 00",
    "02 00 00 00 00 00 00 00 00 00 00 00 00 00 80",
    "03 01 00 E8 00 05 11 46 AC 64 20 32 00 0D 00",
    "04 00 00 00 00 00 00 00 00 00 00 00 00 00 80",
    "02 FF FF 00 04 16",
    "05 01 00 D7 00 04 C6 F0 96 64 1F 32 00 1A 00",
    "06 00 00 00 00 00 00 00 00 00 00 00 00 00 80",
    "07 01 00 E9 00 05 11 49 DB 64 1E 32 00 0D 00",
    "08 00 00 00 00 00 00 00 00 00 00 00 00 00 80",
)
PUBLISHED_SNAPSHOT = bytes.fromhex(" ".join(("A8 00 89 10", *PUBLISHED_BOARDS, "D8")))
SERIAL = bytes.fromhex("051149F1")
EMPTY_HOLES = [bytes([hole, *[0] * 13, 0x80]) for hole in range(5)]


def frame(command: int, body: bytes) -> bytes:
    unchecked = bytes([0xA8]) + (5 + len(body)).to_bytes(2) + bytes([command]) + body
    return unchecked + bytes([-sum(unchecked) % 256])


def board(address: int, *holes: bytes) -> bytes:
    return bytes([address, 0xFF, 0xFF, 0, 4, 0x16]) + b"".join(holes)


def snapshot(*boards: bytes) -> Snapshot:
    (found,) = understood(UPDATE, frame(0x10, b"".join(boards))).events
    assert isinstance(found, Snapshot)
    return found


def one_hole(state: int, serial: bytes = SERIAL, sensor: int = 0) -> SlotReading:
    hole = bytes([1, state, 0, 0xEC, 0, *serial, 0x64, 0x1F, 0x32, 1, 0x0D, sensor])
    return snapshot(board(1, hole, *EMPTY_HOLES[2:])).slots[0]


def test_the_vendors_example_of_a_heartbeat_is_decoded() -> None:
    found = understood(HEART, PUBLISHED_HEARTBEAT)
    assert found.events == (Heartbeat(RECEIVED, None, {"signal": 27, "backup_power": 0}),)


def test_the_published_snapshot_of_two_boards() -> None:
    (found,) = understood(UPDATE, PUBLISHED_SNAPSHOT).events
    assert isinstance(found, Snapshot)
    assert found.complete
    serials = {slot.number: slot.serial for slot in found.slots}
    assert serials == {1: "85019121", 2: None, 3: "85018284", 4: None, 5: "80146582", 6: None, 7: "85019099", 8: None}
    assert {slot.seen for slot in found.slots if slot.serial is None} == {Seen.EMPTY}
    health = {
        "bank_current": 0.0,
        "bank_voltage": 23.6,
        "charge_voltage": 5.0,
        "charge_current": 0.1,
        "area": 0,
        "software": 13,
    }
    assert found.slots[0] == SlotReading(1, Works.OK, Seen.BANK, "85019121", 100, 31.0, None, health)


def test_the_vendors_example_of_an_ejection_is_decoded() -> None:
    assert understood(UPDATE, PUBLISHED_POPUP).events == (Ejected(RECEIVED, None, 1),)


@pytest.mark.parametrize("length", [11, 12])
def test_the_length_may_leave_out_the_head(length: int) -> None:
    good = bytearray(frame(0x31, bytes([1]) + SERIAL + b"\x01\x00"))
    good[2] = length
    good[-1] = -sum(good[:-1]) % 256
    assert understood(UPDATE, bytes(good)).notes == ()


def test_a_wrong_length_field_is_noted_and_the_size_that_came_counts() -> None:
    wrong = bytearray(frame(0x31, bytes([1]) + SERIAL + b"\x01\x00"))
    wrong[1] = 9
    found = understood(UPDATE, bytes(wrong))
    assert found.events == (Ejected(RECEIVED, "85019121"),)
    assert odds(found) == ["check_code", "length_field"]


def test_a_wrong_check_code_is_noted_or_if_so_set_refused() -> None:
    wrong = PUBLISHED_HEARTBEAT[:-1] + b"\x00"
    assert odds(understood(HEART, wrong)) == ["check_code"]
    strict = StationFacts(refuse_wrong_check_codes=True)
    assert refused(HEART, wrong, strict) == "check_code"
    assert isinstance(decode(HEART, frame(0x7A, b"\x10CSQ:27;BP:0"), strict), Decoded)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (UPDATE, b"", "head"),
        (UPDATE, b'{"cmd":"check"}', "head"),
        (UPDATE, b"\xa8", "length"),
        (UPDATE, b"\xa8\x00\x05\x31\x22", "length"),
        (UPDATE, frame(0x31, bytes(3)), "length"),
        (UPDATE, frame(0x40, bytes(11)), "length"),
        (UPDATE, frame(0x10, bytes(65)), "length"),
        (UPDATE, b"\xa8" * 65_537, "length"),
        (UPDATE, frame(0x99, b"?"), "unknown"),
        (UPDATE, PUBLISHED_HEARTBEAT, "mismatch"),
        (HEART, PUBLISHED_SNAPSHOT, "mismatch"),
    ],
)
def test_an_undecodable_frame_is_refused_with_a_short_reason(topic: str, payload: bytes, reason: str) -> None:
    assert refused(topic, payload) == reason


def test_a_cut_snapshot_shows_its_whole_boards_only_if_it_was_meant_so() -> None:
    whole = board(1, *EMPTY_HOLES[1:])
    found = understood(UPDATE, frame(0x10, whole + whole[:30]))
    assert isinstance(found.events[0], Snapshot)
    assert len(found.events[0].slots) == 4
    assert not found.events[0].complete
    assert refused(UPDATE, PUBLISHED_SNAPSHOT[:-20]) == "length"


def test_holes_that_begin_anew_on_each_board_are_counted_on() -> None:
    holes = EMPTY_HOLES[1:]
    for addresses in ((1, 2, 3), (0, 1, 2), (0x10, 0x11, 0x12)):
        found = snapshot(*(board(address, *holes) for address in addresses))
        assert [slot.number for slot in found.slots] == list(range(1, 13)), addresses
        assert found.complete


def test_a_hole_that_is_there_twice_or_cannot_be_is_left_out() -> None:
    found = snapshot(board(1, EMPTY_HOLES[1], EMPTY_HOLES[1], EMPTY_HOLES[0], bytes([101, *bytes(13), 0x80])))
    assert [slot.number for slot in found.slots] == [1]
    assert not found.complete


@pytest.mark.parametrize("state", sorted(HOLE_STATES))
def test_only_a_normal_or_empty_hole_works(state: int) -> None:
    if state:
        assert one_hole(state).serial == "85019121"
    report = one_hole(state, serial=bytes(4), sensor=0x80)
    assert report.seen is Seen.EMPTY
    assert (report.works is Works.OK) == (state in (0x00, 0x01))
    assert (report.fault is None) == (report.works is Works.OK)


def test_what_the_sensor_feels_but_nobody_reads_is_not_empty() -> None:
    assert one_hole(0x03, serial=bytes(4), sensor=0).seen is Seen.UNREADABLE
    assert one_hole(0x0A, serial=bytes(4), sensor=0).fault == "return_stuck"
    # A hole that is empty has no serial either.
    assert one_hole(0x00).seen is Seen.UNREADABLE
    assert one_hole(0x00).serial is None


def test_a_state_that_is_in_no_table_is_a_fault() -> None:
    found = one_hole(0x77)
    assert (found.works, found.fault) == (Works.FAULTY, "state_77")


def test_only_a_serial_that_was_read_proves_that_the_bank_is_in() -> None:
    for state, meaning in EJECT_STATES.items():
        (event,) = understood(UPDATE, frame(0x31, bytes([3]) + SERIAL + bytes([state, 0]))).events
        if state == 0x01:
            assert event == Ejected(RECEIVED, "85019121")
        else:
            proof = Proof.IN if state == 0x12 else Proof.NONE
            assert event == EjectFailed(RECEIVED, "85019121", None, meaning.name, proof)


def test_an_eject_answer_of_unknown_state_or_without_a_bank_proves_nothing() -> None:
    found = understood(UPDATE, frame(0x31, bytes([3]) + SERIAL + b"\x55\x00"))
    assert found.events == (EjectFailed(RECEIVED, "85019121", None, "state_55", Proof.NONE),)
    assert odds(found) == ["state"]
    (event,) = understood(UPDATE, frame(0x31, bytes(5) + b"\x12\x00")).events
    assert event == EjectFailed(RECEIVED, None, None, "not_ejected", Proof.NONE)


def test_each_state_of_a_return_is_decoded() -> None:
    for state, reason in RETURN_STATES.items():
        (event,) = understood(UPDATE, frame(0x40, bytes([0x10, 3, 0]) + SERIAL + bytes([state, 13, 42]))).events
        if state == 0x01:
            assert event == Returned(RECEIVED, "85019121", 3, 42)
        elif state == 0x24:
            assert event == Returned(RECEIVED, "85019121", 3, 42, True, "anti_theft_failed")
        else:
            assert event == ReturnFailed(RECEIVED, "85019121", 3, reason)


def test_a_return_without_a_serial_is_none() -> None:
    (event,) = understood(UPDATE, frame(0x40, bytes([0x10, 3, 0, 0, 0, 0, 0, 1, 13, 42]))).events
    assert event == ReturnFailed(RECEIVED, None, 3, "no_serial")


@pytest.mark.parametrize("state", [0x01, 0x14, 0x66])
def test_a_self_test_settles_a_provisional_return(state: int) -> None:
    body = bytes([0x10, 3, state, 0, 0, 0]) + SERIAL + bytes([42, 0, 50, 7, 13, 1])
    (event,) = understood(UPDATE, frame(0x28, body)).events
    assert isinstance(event, ReturnSelfTest)
    assert (event.serial, event.slot, event.passed) == ("85019121", 3, state == 0x01)
    assert (event.charge, event.temperature) == (42, None)  # 0 is what a bank without a thermometer says


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (b"CSQ:99;BP:2", {"backup_power": 2}),
        (b"CSQ:31", {"signal": 31}),
        (b"CSQ:32;BP:1", {"backup_power": 1}),
        (b"CSQ:x;BP:3", {"backup_power": 3}),
        (b"\xff\x00;CSQ:;:::", {}),
        (b"CSQ:\xb2", {}),
        (b"CSQ:" + b"9" * 5000, {}),
        (b"", {}),
    ],
)
def test_a_heartbeat_counts_whatever_it_says_of_the_signal(text: bytes, facts: dict[str, int]) -> None:
    assert understood(HEART, frame(0x7A, b"\x10" + text)).events == (Heartbeat(RECEIVED, None, facts),)


@pytest.mark.parametrize(
    ("text", "noted"), [(b"CSQ:99", []), (b"CSQ:255;BP:7", ["'CSQ:255'"]), (b"CSQ:x", ["'CSQ:x'"])]
)
def test_a_signal_that_cannot_be_is_noted(text: bytes, noted: list[str]) -> None:
    assert [note.detail for note in understood(HEART, frame(0x7A, b"\x10" + text)).notes] == noted
