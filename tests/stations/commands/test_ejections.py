"""An ejection is confirmed, refused, late or never answered, and custody follows what is proven."""

import pytest

from powerbank.base.db import transaction
from powerbank.base.errors import AppError
from powerbank.stations.commands import services as commands
from powerbank.stations.events import EjectionUndone, PowerbankReturned, StationCommandSettled
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


def test_a_confirmed_ejection_moves_custody_and_ends_the_promise(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.wait(2)
    talker.event("ejected", 1, "101")
    talker.answer(command.id, slot_number=1, powerbank_sn="101")
    assert find_command_status(command) == ("succeeded", "confirmed")
    assert list_stays("101")[-1] == ("user", None, str(command.rental_id))
    assert query_rows("SELECT * FROM bank_reservations") == []
    assert find_serials_in_slots(talker.id)[1] is None
    assert (find_live_row(talker).available_banks, find_live_row(talker).free_slots) == (2, 2)
    assert list_heard_events(StationCommandSettled) == [{"command_id": str(command.id), "status": "succeeded"}]
    ended = query_value("SELECT lower(period) FROM custody WHERE place = 'user'")
    assert ended == talker.now
    assert query_value("SELECT cycles FROM power_banks WHERE serial = '101'") == 1


def test_a_refusal_is_final_at_once(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.answer(command.id, success=False, error="slot_jammed")
    assert find_command_status(command) == ("failed", "refused")
    assert list_stays("101")[-1] == ("slot", 1, "")
    assert talker.rent(2, "102").status == "sent"


def test_a_station_has_one_open_ejection_at_a_time(talker: Talker) -> None:
    talker.rent(1, "101")
    with pytest.raises(AppError) as refused, transaction():
        commands.request_command(
            station_id=talker.id,
            command="eject_powerbank",
            parameters={"slot_number": 2, "powerbank_sn": "102"},
            requested_by="x",
            now=talker.now,
        )
    assert refused.value.code == "station_busy"


def test_without_an_answer_a_snapshot_shows_that_the_bank_is_gone(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    assert find_command_status(command) == ("sent", None)
    assert query_value("SELECT count(*) FROM station_commands WHERE command = 'get_status'") == 1
    talker.wait(3)
    talker.snapshot({2: "102", 3: "103"})
    assert find_command_status(command) == ("succeeded", "snapshot")
    assert query_value("SELECT lower(period) FROM custody WHERE place = 'user'") == command.sent_at
    assert query_rows("SELECT * FROM discrepancies") == []


def test_without_an_answer_a_snapshot_shows_that_the_bank_is_still_in(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.wait(10)
    talker.snapshot({1: "101", 2: "102", 3: "103"})  # says nothing yet: it may be about to come out
    assert find_command_status(command) == ("sent", None)
    talker.pass_deadline(command)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert find_command_status(command) == ("failed", "still_in")


def test_without_a_snapshot_nobody_knows_until_the_station_speaks_again(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.pass_deadline(command)
    assert find_command_status(command)[0] == "unknown"
    talker.wait(4000)
    talker.snapshot({2: "102", 3: "103"})
    assert find_command_status(command) == ("succeeded", "snapshot")
    assert [each["status"] for each in list_heard_events(StationCommandSettled)] == ["unknown", "succeeded"]


def test_an_unknown_ejection_may_turn_out_to_have_failed(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.pass_deadline(command)
    talker.pass_deadline(command)
    talker.wait(4000)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert find_command_status(command) == ("failed", "still_in")


def test_a_refused_ejection_that_comes_out_after_all(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.answer(command.id, success=False, error="slot_jammed")
    talker.wait(20)
    talker.snapshot({2: "102", 3: "103"})
    assert find_command_status(command) == ("succeeded", "snapshot")
    assert list_stays("101")[-1][0] == "user"


def test_a_command_that_never_went_out_expires(talker: Talker) -> None:
    with transaction():
        command = commands.request_command(
            station_id=talker.id,
            command="eject_powerbank",
            parameters={"slot_number": 1, "powerbank_sn": "101"},
            requested_by="x",
            now=talker.now,
        )
    talker.pass_deadline(command)
    assert find_command_status(command) == ("expired", None)
    with transaction():
        assert commands.claim_command(command.id, now=talker.now) is None


def test_a_command_is_claimed_once(talker: Talker) -> None:
    command = talker.rent(1, "101")
    with transaction():
        assert commands.claim_command(command.id, now=talker.now) is None


def test_an_answer_of_another_station_is_not_heard(talker: Talker, make_station: Make) -> None:
    command = talker.rent(1, "101")
    Talker(make_station("B"), talker.now).answer(command.id)
    assert find_command_status(command)[0] == "sent"


def test_a_bank_that_was_said_to_be_out_and_is_not(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.answer(command.id, slot_number=1, powerbank_sn="101")
    talker.wait(30)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    [undone] = list_heard_events(EjectionUndone)
    assert (undone["rental_id"], undone["slot_number"]) == (str(command.rental_id), 1)
    assert list_stays("101")[-1] == ("slot", 1, "")
    assert list_heard_events(PowerbankReturned) == []
