"""A return is recorded and published once, whoever tells of it and however late."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from powerbank.base.clock import format_time
from powerbank.base.db import transaction
from powerbank.base.errors import AppError
from powerbank.stations.events import PowerbankReturned
from powerbank.stations.messages import gateway_messages
from tests.stations.conftest import Make
from tests.stations.talker import (
    Talker,
    find_command_status,
    find_live_row,
    find_serials_in_slots,
    list_heard_events,
    list_stays,
    query_rows,
    query_value,
)

pytestmark = pytest.mark.usefixtures("hear")


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
    [told] = list_heard_events(PowerbankReturned)
    assert (told["rental_id"], told["slot_number"], told["how"], told["provisional"]) == (
        str(rental),
        4,
        "event",
        False,
    )
    assert told["returned_at"] == told["received_at"] == format_time(talker.now)
    assert list_stays("101")[-1] == ("slot", 4, "")
    assert find_live_row(talker).available_banks == 3


def test_a_lost_return_is_seen_in_the_next_snapshot(talker: Talker) -> None:
    rental = out(talker)
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    [told] = list_heard_events(PowerbankReturned)
    assert (told["rental_id"], told["how"], told["returned_at"]) == (str(rental), "snapshot", format_time(talker.now))
    talker.event("returned", 1, "101")  # and then it comes all the same
    assert len(list_heard_events(PowerbankReturned)) == 1


def test_a_station_that_was_offline_is_not_the_renters_fault(talker: Talker) -> None:
    out(talker)
    last = talker.now
    talker.wait(3600)
    talker.event("returned", 1, "101", ts=(talker.now + timedelta(days=2)).isoformat(), boot_id=1, seq=900)
    [told] = list_heard_events(PowerbankReturned)
    assert told["returned_at"] == format_time(last)


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
    assert [told["returned_at"] for told in list_heard_events(PowerbankReturned)] == [
        format_time(begun + timedelta(minutes=minutes)) for minutes in (10, 20)
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
    told = list_heard_events(PowerbankReturned)
    assert [each["rental_id"] for each in told] == [str(first), str(first)]
    assert told[1]["returned_at"] == format_time(returned_at)
    assert list_stays("101")[-1] == ("user", None, str(command.rental_id))


def test_an_overtaken_return_without_a_clock_does_not_end_a_later_rental(talker: Talker) -> None:
    first = out(talker)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    talker.wait(60)
    second = out(talker)
    assert first != second
    talker.event("returned", 1, "101", boot_id=1, seq=3, ts="1999-01-01T00:00:00Z")
    assert list_stays("101")[-1] == ("user", None, str(second))
    assert [told["rental_id"] for told in list_heard_events(PowerbankReturned)] == [str(first), str(first)]


def test_an_overtaken_return_of_the_first_rental_is_nobodys_only_until_a_snapshot(talker: Talker) -> None:
    rental = out(talker)
    talker.event("returned", 1, "101", boot_id=1, seq=3, ts="1999-01-01T00:00:00Z")
    assert list_heard_events(PowerbankReturned) == [], "staff would look for whose it is"
    assert list_stays("101")[-1] == ("user", None, str(rental))
    assert query_value("SELECT count(*) FROM station_commands WHERE command = 'get_status' AND status = 'queued'") == 1
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    [told] = list_heard_events(PowerbankReturned)
    assert (told["rental_id"], told["how"]) == (str(rental), "snapshot")


def test_a_return_proves_an_ejection_that_nobody_confirmed(talker: Talker, make_station: Make) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.pass_deadline(command)
    other = Talker(make_station("B"), talker.now)
    other.snapshot({})
    other.wait(300)
    other.event("returned", 2, "101")
    assert find_command_status(command) == ("succeeded", "returned")
    assert [stay[0] for stay in list_stays("101")][-2:] == ["user", "slot"]
    [told] = list_heard_events(PowerbankReturned)
    assert told["rental_id"] == str(command.rental_id)


def test_a_return_that_no_rental_explains_is_told_without_one(talker: Talker) -> None:
    talker.event("returned", 4, "104")
    [told] = list_heard_events(PowerbankReturned)
    assert told["rental_id"] is None
    assert list_stays("104")[-1] == ("slot", 4, "")


def test_an_unknown_serial_is_no_stock(talker: Talker) -> None:
    talker.event("returned", 4, "777")
    assert query_rows("SELECT * FROM power_banks WHERE serial = '777'") == []
    assert query_value("SELECT kind FROM discrepancies") == "unknown_serial"
    assert find_live_row(talker).available_banks == 3


def test_gateways_over_http_tell_of_repeats(talker: Talker) -> None:
    rental = out(talker)
    arguments: dict[str, Any] = {
        "station_imei": talker.imei,
        "slot_number": 1,
        "serial": "101",
        "charge": 50,
        "event_id": "g-1",
        "ts": talker.now,
        "received_at": talker.now + timedelta(seconds=1),
    }
    with transaction():
        assert not gateway_messages.apply_gateway_return(**arguments).repeat
    with transaction():
        assert gateway_messages.apply_gateway_return(**arguments).repeat
    with transaction(), pytest.raises(AppError):
        gateway_messages.apply_gateway_return(**arguments | {"station_imei": "nobody"})
    [told] = list_heard_events(PowerbankReturned)
    assert told["rental_id"] == str(rental)


def test_a_bank_that_comes_back_to_its_slot_was_out(talker: Talker) -> None:
    """Neither the ejection nor anything else was heard of, until the event of the return."""
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.event("returned", 1, "101")
    assert find_command_status(command) == ("succeeded", "returned")
    assert [stay[0] for stay in list_stays("101")] == ["warehouse", "slot", "user", "slot"]
    assert find_serials_in_slots(talker.id)[1] == "101"
    assert [told["rental_id"] for told in list_heard_events(PowerbankReturned)] == [str(command.rental_id)]
