"""Staff are told once when a station goes offline, comes back, flaps, or has banks of low charge."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, new_id, open_session, transaction
from powerbank.stations.availability import alerts
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.events import StationAlarm, StationBatteryLow, StationOffline, StationOnline
from tests.stations import prepared
from tests.stations.talker import Talker, find_live_row, list_heard_events

pytestmark = pytest.mark.usefixtures("hear")


def swept(talker: Talker) -> tuple[int, int]:
    with transaction():
        return alerts.announce_changes(now=talker.now)


def come_and_go(talker: Talker, *, minutes: float) -> None:
    """Let the station be away for so long, and back for as long."""
    talker.say("presence", {"online": False})
    stay(talker, minutes)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    stay(talker, minutes, speaks=True)


def stay(talker: Talker, minutes: float, *, speaks: bool = False) -> None:
    """Let time pass; the sweep looks once soon, and once at the end."""
    for seconds in (45, minutes * 60 - 45):
        talker.wait(seconds)
        if speaks:
            talker.snapshot({1: "101", 2: "102", 3: "103"})
        swept(talker)


def flapping() -> list[str]:
    return [told["detail"] for told in list_heard_events(StationAlarm) if told["kind"] == "flapping"]


def test_offline_and_online_are_told_once_each(talker: Talker) -> None:
    def sweep() -> tuple[int, int]:
        return swept(talker)

    assert sweep() == (0, 0)
    talker.wait(91)
    assert sweep() == (0, 0)
    assert not find_live_row(talker).online
    talker.wait(60)
    assert sweep() == (1, 0)
    assert sweep() == (0, 0)
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert find_live_row(talker).online
    assert sweep() == (0, 0)
    for _ in range(4):  # flapping
        talker.say("presence", {"online": False})
        assert not find_live_row(talker).online
        talker.wait(10)
        talker.snapshot({1: "101", 2: "102", 3: "103"})
        assert sweep() == (0, 0)
        talker.wait(10)
    talker.wait(30)
    assert sweep() == (0, 1)
    assert len(list_heard_events(StationOffline)) == len(list_heard_events(StationOnline)) == 1


def test_a_station_that_somebody_holds_is_told_of_by_the_next_pass(app: Flask, talker: Talker) -> None:
    """A long transaction about one station does not keep the pass waiting, and loses nothing."""
    swept(talker)
    talker.wait(91)
    swept(talker)
    talker.wait(60)
    with db.engine.begin() as holder:
        holder.execute(text("SELECT 1 FROM station_state FOR UPDATE"))
        assert swept(talker) == (0, 0)
    assert swept(talker) == (1, 0)
    assert len(list_heard_events(StationOffline)) == 1


def test_low_batteries_are_told_once_an_hour(talker: Talker) -> None:
    for charge in (19, 18, 17):
        talker.snapshot({1: ("101", charge), 2: "102", 3: "103"})
        talker.wait(600)
    assert [told["battery_level"] for told in list_heard_events(StationBatteryLow)] == [19]
    talker.wait(3600)
    talker.snapshot({1: ("101", 16), 2: "102", 3: "103"})
    assert len(list_heard_events(StationBatteryLow)) == 2


def test_a_station_that_comes_and_goes_is_told_of_once_as_one_that_does(talker: Talker) -> None:
    for _ in range(8):
        come_and_go(talker, minutes=3)
    assert flapping() == ["it goes away and comes back, 3 times within an hour"]
    assert (len(list_heard_events(StationOffline)), len(list_heard_events(StationOnline))) == (2, 2)
    stay(talker, 20, speaks=True)
    assert len(list_heard_events(StationOnline)) == 2, "it has not stayed long enough"
    stay(talker, 15, speaks=True)
    assert len(list_heard_events(StationOnline)) == 3
    come_and_go(talker, minutes=3)
    assert (len(list_heard_events(StationOffline)), len(list_heard_events(StationOnline))) == (3, 4), (
        "from here on it counts anew"
    )
    assert len(flapping()) == 1


def test_a_flapping_station_that_goes_for_good_is_offline(talker: Talker) -> None:
    for _ in range(3):
        come_and_go(talker, minutes=2)
    assert len(flapping()) == 1
    talker.say("presence", {"online": False})
    stay(talker, 29)
    assert len(list_heard_events(StationOffline)) == 2
    stay(talker, 60)
    assert len(list_heard_events(StationOffline)) == 3
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    stay(talker, 2, speaks=True)
    assert len(list_heard_events(StationOnline)) == 3


def test_outages_that_are_rare_are_told_each_by_itself(talker: Talker) -> None:
    for _ in range(4):
        come_and_go(talker, minutes=25)
    assert (len(list_heard_events(StationOffline)), len(list_heard_events(StationOnline)), flapping()) == (4, 4, [])


def _quarantine(talker: Talker) -> None:
    banks.quarantine_bank("101", reason="damaged", now=talker.now)


def _break(talker: Talker) -> None:
    open_session().execute(text("UPDATE power_banks SET health = 'faulty' WHERE serial = '101'"))


def _hold_slot(talker: Talker) -> None:
    open_session().execute(text("UPDATE slots SET held_because = 'refused twice' WHERE number = 1"))


def _promise(talker: Talker) -> None:
    prepared.reserve_bank(custody_queries.lock_bank("101").id, rental_id=new_id())


@pytest.mark.parametrize("withdraw", [_quarantine, _break, _hold_slot, _promise])
def test_only_banks_that_could_be_rented_count_as_low(talker: Talker, withdraw: Callable[[Talker], None]) -> None:
    with transaction():
        withdraw(talker)
    talker.snapshot({1: ("101", 5), 2: "102", 3: "103"})
    assert list_heard_events(StationBatteryLow) == []
    talker.wait(30)
    talker.snapshot({1: ("101", 4), 2: ("102", 18), 3: ("103", 17)})
    [told] = list_heard_events(StationBatteryLow)
    assert (told["count"], told["battery_level"]) == (2, 17)


def test_a_bank_that_nobody_registered_is_not_low(talker: Talker) -> None:
    talker.snapshot({1: "101", 2: "102", 3: "103", 4: ("999", 3)})
    assert list_heard_events(StationBatteryLow) == []
