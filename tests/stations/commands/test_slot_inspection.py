"""A slot that refused twice in a row is out of use until staff say otherwise, whatever the station says."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import db, new_id, transaction
from powerbank.stations.commands import services as commands
from powerbank.stations.commands import slot_inspection
from powerbank.stations.commands.models import CommandStatus
from tests.stations.conftest import Make
from tests.stations.talker import Talker, query_rows, query_value

Staff = Callable[..., dict[str, str]]
FULL = {1: ("A-1", 90), 2: ("A-2", 80)}


def refuse(talker: Talker, times: int, *, proof: str = "refused") -> None:
    for _ in range(times):
        db.session.rollback()
        with transaction():
            command = commands.request_command(
                station_id=talker.id,
                command="eject_powerbank",
                requested_by="rental",
                now=talker.now,
                parameters={"slot_number": 1, "powerbank_sn": "A-1"},
                rental_id=new_id(),
            )
            commands.settle_command(command, CommandStatus.FAILED, {"proof": proof}, now=talker.now)
            slot_inspection.hold_slot_after_refusals(talker.id, 1, now=talker.now)


def counts(client: FlaskClient) -> tuple[int, int]:
    found = client.get("/api/stations/A").get_json()
    return found["available_banks"], found["free_slots"]


@pytest.mark.parametrize("protocol", ["json-v1", "volinks-v1"])
def test_a_slot_stays_held_back_after_the_next_snapshot(
    context: Flask, client: FlaskClient, make_station: Make, staff_headers: Staff, protocol: str
) -> None:
    talker = Talker(make_station("A", charges={1: 90, 2: 80}, protocol=protocol))
    refuse(talker, 1)
    assert query_value("SELECT count(*) FROM slots WHERE held_because IS NOT NULL") == 0
    refuse(talker, 1)
    assert counts(client) == (1, 2)
    assert query_value("SELECT count(*) FROM outbox_jobs WHERE job = 'notify_staff'") == 1, "staff are told once"
    sent = [row.command for row in query_rows("SELECT command FROM station_commands WHERE requested_by = 'inspection'")]
    assert sent == (["lock_slot"] if protocol == "json-v1" else [])
    if protocol == "json-v1":
        talker.snapshot(FULL)
        talker.wait(30)
        talker.snapshot(FULL)
    assert counts(client) == (1, 2)
    shown = client.get("/api/stations/A").get_json()["slots"][0]
    assert shown == {"slot_number": 1, "state": "locked", "battery_level": 90}, "people are not told why"
    headers = staff_headers("operations")
    [first, *_] = client.get("/api/admin/stations/A", headers=headers).get_json()["slots"]
    assert (first["state"], first["held_because"]) == ("locked", "refused twice")
    path = "/api/admin/stations/A/slots/{}/release"
    assert client.post(path.format(1), headers=staff_headers("support")).status_code == 403
    assert client.post(path.format(1), headers=headers).status_code == 204
    assert counts(client) == (2, 2)
    assert client.post(path.format(1), headers=headers).get_json()["code"] == "slot_not_held"
    assert client.post(path.format(99), headers=headers).status_code == 404
    assert query_value("SELECT count(*) FROM audit_log WHERE action = 'stations.release_slot'") == 1


def test_refusals_with_another_outcome_between_are_not_in_a_row(context: Flask, make_station: Make) -> None:
    talker = Talker(make_station("A", charges={1: 90}))
    refuse(talker, 1)
    refuse(talker, 1, proof="still_in")
    refuse(talker, 1)
    assert query_value("SELECT count(*) FROM slots WHERE held_because IS NOT NULL") == 0
