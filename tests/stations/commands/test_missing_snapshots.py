"""After its start a daemon requests missing snapshots, of a limited number of stations and not all at once."""

import signal
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import transaction, utcnow
from powerbank.stations.commands import services as commands
from scripts.simulation import generate
from tests.people import change
from tests.stations.conftest import Make
from tests.stations.network import Network
from tests.stations.talker import Talker, query_rows

ASKED = "SELECT s.sn FROM station_commands c JOIN stations s ON s.id = station_id WHERE command = 'get_status'"


def ask() -> int:
    with transaction():
        return commands.request_missing_snapshots(now=utcnow())


def test_stations_with_old_or_doubtful_snapshots_are_asked(make_station: Make, context: Flask) -> None:
    def heard(sn: str, *, ago: float = 0, **facts: str) -> Talker:
        talker = Talker(make_station(sn, **facts), utcnow() - timedelta(seconds=ago))
        if talker.station.protocol == "json-v1":
            talker.snapshot({})
        return talker

    heard("AGREES")
    heard("LATE", ago=31)
    heard("GONE", ago=31).say("presence", {"online": False})
    talker = heard("DISAGREES")
    talker.wait(1)
    talker.snapshot({1: "nobody-knows"})
    heard("CLOSED", ago=31)
    change(context, "UPDATE stations SET active = false WHERE sn = 'CLOSED'")
    assert ask() == 2
    assert [row.sn for row in query_rows(f"{ASKED} ORDER BY c.id")] == ["DISAGREES", "LATE"]
    assert ask() == 0  # they are asked already


def test_a_cabinet_that_speaks_each_nine_minutes_has_that_time(make_station: Make, context: Flask) -> None:
    for sn, ago in (("FRESH", 500), ("OLD", 600)):
        station = make_station(sn, protocol="volinks-v1")
        with transaction() as session:
            session.execute(
                text("INSERT INTO station_state (station_id, snapshot_at, contents) VALUES (:id, :at, 'x')"),
                {"id": station.id, "at": utcnow() - timedelta(seconds=ago)},
            )
    assert ask() == 1
    assert [row.sn for row in query_rows(ASKED)] == ["OLD"]


def test_missing_snapshots_are_requested_for_a_limited_number_and_one_by_one(
    make_station: Make, context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MOST_MISSING_SNAPSHOTS", 3)
    for number in range(5):
        Talker(make_station(f"S{number}"), utcnow() - timedelta(seconds=40 + number)).snapshot({})
    begun = utcnow()
    assert ask() == 3
    sent = "SELECT run_after FROM outbox_jobs WHERE job = 'request_station_snapshot' ORDER BY run_after"
    times = [row.run_after for row in query_rows(sent)]
    assert all(time >= begun + place * commands.MISSING_SNAPSHOT_INTERVAL for place, time in enumerate(times))
    assert {row.sn for row in query_rows(ASKED)} == {"S0", "S1", "S2"}  # those that were heard last


@pytest.mark.faults
def test_a_daemon_that_begins_asks_once(net: Network) -> None:
    [spec] = generate(1, seed=21, filled=0).stations
    net.register([spec])
    daemon = net.shipped_daemon()
    net.wait(net.listening, "the daemon listens")
    daemon.send_signal(signal.SIGKILL)
    station_id = net.ids[spec.imei]
    for statement in (
        f"INSERT INTO station_state (station_id, snapshot_at, contents) VALUES ('{station_id}', now() - interval '1 h',"
        " 'x') RETURNING 1",
        "UPDATE station_live SET online = true RETURNING 1",
    ):
        assert net.rows(statement)
    asked = "SELECT count(*) FROM station_commands WHERE command = 'get_status'"
    assert net.value(asked) == 0
    net.shipped_daemon()
    net.wait(lambda: net.value(asked) == 1, "the station is asked", 20)
