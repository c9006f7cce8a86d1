"""Messages of cabinets that have neither numbers nor clocks are applied in the order in which they come."""

import pytest

from powerbank.base.db import transaction, utcnow
from powerbank.stations.custody import registration
from powerbank.stations.events import PowerbankReturned, ReturnSelfTested
from tests.stations.conftest import Make
from tests.stations.talker import Talker, find_command_status, find_live_row, list_heard_events, query_value

pytestmark = pytest.mark.usefixtures("hear")


def frame(command: int, *body: int) -> bytes:
    sized = bytes([0xA8, 0, len(body) + 5, command, *body])
    return sized + bytes([-sum(sized) % 256])


@pytest.fixture
def cabinet(make_station: Make) -> Talker:
    station = make_station("C", protocol="volinks-v1")
    with transaction():
        registration.register_banks(serials=["258"], model=None, now=utcnow())
    cabinet = Talker(station)
    cabinet.take(UPDATE, holes(258))
    cabinet.wait(60)
    return cabinet


UPDATE = "/powerbank/imei-C/user/update"


def holes(serial: int) -> bytes:
    first = (1, 1, 0, 236, 0, *serial.to_bytes(4, "big"), 90, 25, 50, 1, 13, 0)
    others = ((number, 0, *[0] * 12, 0x80) for number in (2, 3, 4))
    return frame(
        0x10,
        0x10,
        0,
        0,
        25,
        1,
        1,
        *(first if serial else (1, 0, *[0] * 12, 0x80)),
        *(byte for hole in others for byte in hole),
    )


RETURNED = (0x10, 1, 0, 0, 0, 1, 2)


def test_a_provisional_return_ends_with_its_self_test(cabinet: Talker) -> None:
    command = cabinet.rent(1, "258")
    cabinet.take(UPDATE, frame(0x31, 1, 0, 0, 1, 2, 1, 0))
    assert find_command_status(command) == ("succeeded", "confirmed")
    assert query_value("SELECT count(*) FROM station_commands WHERE command = 'get_status'") == 1  # to see it gone
    cabinet.take(UPDATE, holes(0))
    cabinet.wait(300)
    for _ in range(2):
        cabinet.take(UPDATE, frame(0x40, *RETURNED, 0x24, 13, 80))
    [told] = list_heard_events(PowerbankReturned)
    assert (told["rental_id"], told["provisional"]) == (str(command.rental_id), True)
    test = frame(0x28, 0x10, 1, 0x24, 0, 0, 0, 0, 0, 1, 2, 80, 25, 50, 1, 13, 1)
    for _ in range(2):
        cabinet.take(UPDATE, test)
    [tested] = list_heard_events(ReturnSelfTested)
    assert (tested["rental_id"], tested["passed"], tested["slot_number"]) == (str(command.rental_id), False, 1)
    assert query_value("SELECT quarantine_reason FROM power_banks WHERE serial = '258'").startswith("self-test")


def test_a_refusal_that_proves_nothing_is_followed_by_a_look(cabinet: Talker) -> None:
    command = cabinet.rent(1, "258")
    cabinet.take(UPDATE, frame(0x31, 1, 0, 0, 1, 2, 0xFC, 0))
    assert find_command_status(command) == ("acknowledged", None)
    cabinet.take(UPDATE, holes(258))  # too soon: the cabinet has not looked itself
    assert find_command_status(command)[0] == "acknowledged"
    cabinet.wait(6)
    cabinet.take(UPDATE, holes(258))
    assert find_command_status(command) == ("failed", "still_in")


def test_a_cabinet_is_asked_for_its_slots_when_it_only_beats(cabinet: Talker) -> None:
    cabinet.wait(600)
    cabinet.take("/powerbank/imei-C/user/heart", bytes.fromhex("A800117A104353513A32373B42503A30FC"))
    assert query_value("SELECT count(*) FROM station_commands WHERE command = 'get_status'") == 1
    assert find_live_row(cabinet).last_seen == cabinet.now
