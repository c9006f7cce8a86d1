"""What a simulated station sends is decoded as it was meant."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from powerbank.stations.protocols.events import (
    Ejected,
    EjectFailed,
    Heartbeat,
    Proof,
    Returned,
    ReturnSelfTest,
    Seen,
    Snapshot,
)
from scripts.simulation import volinks_frames as frames
from scripts.simulation.cabinet import Bank, Cabinet, Slot
from tests.stations.protocols.examples import IMEI, RECEIVED, understood

UPDATE, HEART = f"/powerbank/{IMEI}/user/update", f"/powerbank/{IMEI}/user/heart"

serials = st.integers(1, 2**32 - 1)
holes = st.integers(1, 100)
charges = st.integers(0, 100)


def update(payload: bytes) -> Any:
    found = understood(UPDATE, payload)
    assert found.notes == ()
    return found.events[0]


@given(boards=st.integers(1, 25), content=st.data())
def test_a_snapshot_survives_the_round_trip(boards: int, content: st.DataObject) -> None:
    cabinet = Cabinet.of(boards * 4, [], random.Random(0))
    numbers = content.draw(st.lists(st.sampled_from(sorted(cabinet.slots)), unique=True))
    for number, serial in zip(numbers, content.draw(st.lists(serials, unique=True)), strict=False):
        cabinet.slots[number].bank = Bank(str(serial), charge=content.draw(charges))
        cabinet.slots[number].faulty = content.draw(st.booleans())
    found = update(frames.snapshot(cabinet))
    assert isinstance(found, Snapshot)
    assert found.complete
    assert [slot.number for slot in found.slots] == list(cabinet.slots)
    for report, slot in zip(found.slots, cabinet.slots.values(), strict=True):
        assert report.works == slot.works
        assert report.serial == (slot.bank.serial if slot.bank else None)
        assert report.seen is (Seen.BANK if slot.bank else Seen.EMPTY)
        assert report.charge == (int(slot.bank.charge) if slot.bank else None)


@given(hole=holes, serial=serials, charge=charges)
def test_ejections_and_returns_survive_encoding_and_decoding(hole: int, serial: int, charge: int) -> None:
    slot, bank = Slot(hole), Bank(str(serial), charge=charge)
    assert update(frames.ejected_by_serial(hole, serial, 0x01)) == Ejected(RECEIVED, str(serial))
    refusal = EjectFailed(RECEIVED, str(serial), None, "not_ejected", Proof.IN)
    assert update(frames.ejected_by_serial(hole, serial, 0x12)) == refusal
    assert update(frames.ejected_by_hole(hole, 0x01)) == Ejected(RECEIVED, None, hole)
    assert update(frames.returned(slot, bank, 0x01)) == Returned(RECEIVED, str(serial), hole, charge)
    assert update(frames.returned(slot, bank, 0x24)).provisional
    test = update(frames.self_test(slot, bank, 0x01))
    assert isinstance(test, ReturnSelfTest)
    assert (test.serial, test.slot, test.passed, test.charge) == (str(serial), hole, True, charge)


@given(signal=st.integers(0, 31), power=st.integers(0, 3))
def test_a_heartbeat_survives_the_round_trip(signal: int, power: int) -> None:
    (found,) = understood(HEART, frames.heartbeat(signal, power)).events
    assert found == Heartbeat(RECEIVED, None, {"signal": signal, "backup_power": power})


def test_a_bank_that_nobody_can_read_is_seen_as_that() -> None:
    cabinet = Cabinet.of(4, ["7"], random.Random(0))
    bank = cabinet.slots[1].bank
    assert bank is not None
    bank.readable = False
    found = update(frames.snapshot(cabinet))
    assert [slot.seen for slot in found.slots] == [Seen.UNREADABLE, Seen.EMPTY, Seen.EMPTY, Seen.EMPTY]


def test_the_published_heartbeat_is_what_a_virtual_cabinet_writes() -> None:
    assert frames.heartbeat(27).hex(" ").upper() == "A8 00 11 7A 10 43 53 51 3A 32 37 3B 42 50 3A 30 FC"
