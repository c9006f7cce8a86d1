"""What a station was like over time: when it came and went, and what it held."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, first_id_of, transaction, utcnow
from powerbank.stations.availability import history
from powerbank.stations.availability.history import Period
from powerbank.stations.messages.models import StationMessage
from powerbank.stations.registry import services
from tests.people import rows
from tests.stations import prepared
from tests.stations.talker import Talker

StaffHeaders = Callable[..., dict[str, str]]
STATUSES = "SELECT status FROM station_status_changes ORDER BY at"


def test_each_change_of_the_status_is_noted_and_a_heartbeat_is_none(context: Flask, talker: Talker) -> None:
    before = [status for (status,) in rows(context, STATUSES)]
    assert before == ["offline", "online"]
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    with transaction():
        services.set_maintenance("A", enable=True)
        prepared.mark_seen(talker.id, at=utcnow(), online=False)
    with transaction():
        services.set_maintenance("A", enable=False)
    assert [status for (status,) in rows(context, STATUSES)][2:] == ["maintenance", "offline"]


def test_the_history_has_banks_and_charges_of_the_snapshots(
    context: Flask, talker: Talker, client: FlaskClient, staff_headers: StaffHeaders
) -> None:
    began = talker.now
    talker.snapshot({1: ("101", 90), 2: ("102", 10), 3: ("103", 50)})
    talker.wait(3 * 3600)
    talker.snapshot({1: ("101", 100), 2: ("102", 20)})
    talker.wait(3600)
    with transaction():
        db.session.execute(text("UPDATE station_status_changes SET at = at - interval '1 hour'"))
        for row in db.session.query(StationMessage):  # time passed for the station only, and an id begins with the time
            row.id = first_id_of(row.received_at)
    found = history.read_history(talker.station, Period.DAY, now=talker.now)
    early = next(each for each in found.moments if each.at > began + timedelta(minutes=30))
    assert (early.banks, early.rentable, early.charge) == (3, 2, 50)
    late = found.moments[-1]
    assert (late.banks, late.charge) == (2, 60)
    assert [each.status for each in found.stretches] == ["offline", "online"]
    assert found.online_share is not None
    assert found.online_share > 0.99

    headers = staff_headers("viewer")
    answer = client.get("/api/admin/stations/A/history?range=7d", headers=headers)
    assert answer.status_code == 200
    assert [each["status"] for each in answer.get_json()["status"]] == ["offline", "online"]
    assert client.get("/api/admin/stations/A/history?range=1y", headers=headers).status_code == 422


def test_old_changes_go_and_the_newest_of_each_station_stays(make_station: Callable[..., Any], context: Flask) -> None:
    make_station("A")
    make_station("B")
    with transaction():
        db.session.execute(text("UPDATE station_status_changes SET at = at - interval '100 days'"))
        assert history.delete_old_changes(now=utcnow()) == 2
        assert history.delete_old_changes(now=utcnow()) == 0
    assert rows(context, STATUSES) == [("online",), ("online",)]
