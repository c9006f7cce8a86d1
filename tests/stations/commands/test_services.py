"""Staff send commands, and a command ends by its answer or at its deadline."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import transaction
from powerbank.integrations.callbacks.client import PublicHosts
from powerbank.ops import queries
from powerbank.outbox import relay
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import StationCommand
from tests.people import rows as found_rows
from tests.stations.conftest import Make
from tests.stations.talker import Talker, find_command_status, query_rows, query_value

Staff = Callable[..., dict[str, str]]
EJECT = {"command": "eject_powerbank", "parameters": {"slot_number": 1, "powerbank_sn": "A-1"}}


def test_staff_send_a_command_and_see_what_became_of_it(
    context: Flask, client: FlaskClient, staff_headers: Staff, make_station: Make
) -> None:
    talker, headers = Talker(make_station("A", charges={1: 90})), staff_headers("operations")
    sent = client.post("/api/admin/stations/A/remote-command", json=EJECT, headers=headers)
    assert sent.status_code == 202
    command_id = sent.get_json()["command_id"]
    assert sent.get_json()["status"] == "queued"
    assert query_value("SELECT count(*) FROM outbox_jobs WHERE job = 'send_station_command'") == 1
    assert query_value("SELECT count(*) FROM audit_log WHERE action = 'stations.command'") == 1
    with transaction():
        assert commands.claim_command(command_id, now=talker.now) is not None
    talker.answer(command_id, slot_number=1, powerbank_sn="A-1")
    [shown] = client.get("/api/admin/stations/A/commands", headers=headers).get_json()["items"]
    assert (shown["command_id"], shown["status"], shown["response"]["proof"]) == (command_id, "succeeded", "confirmed")
    assert shown["finished_at"] is not None
    [stay] = query_rows("SELECT place, holder FROM custody WHERE upper_inf(period)")
    assert stay.place == "crew"
    assert stay.holder.startswith("staff:")
    none = client.get("/api/admin/stations/A/commands?status=failed", headers=headers).get_json()
    assert none["items"] == []


def test_a_second_ejection_waits_for_the_first(client: FlaskClient, staff_headers: Staff, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    headers = staff_headers()
    assert client.post("/api/admin/stations/A/remote-command", json=EJECT, headers=headers).status_code == 202
    again = client.post("/api/admin/stations/A/remote-command", json=EJECT, headers=headers)
    assert (again.status_code, again.get_json()["code"]) == (409, "station_busy")


def test_a_repeated_request_is_one_command(client: FlaskClient, staff_headers: Staff, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    headers = staff_headers() | {"Idempotency-Key": "k"}
    answers = [client.post("/api/admin/stations/A/remote-command", json=EJECT, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].get_json() == answers[1].get_json()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"command": "explode"}, 422),
        ({"command": "eject_powerbank"}, 422),
        ({"command": "eject_powerbank", "parameters": {"slot_number": 1}}, 422),
        ({"command": "lock_slot", "parameters": {"slot_number": 0}}, 422),
        ({"command": "get_status", "parameters": {"x": 1}}, 422),
        (
            {
                "command": "update_firmware",
                "parameters": {"url": "http://x.example/f", "sha256": "0" * 64, "version": "2"},
            },
            422,
        ),
        (
            {
                "command": "update_firmware",
                "parameters": {"url": "https://x.example/f", "sha256": "0" * 64, "version": "2"},
            },
            202,
        ),
        ({"command": "reboot"}, 202),
        ({"command": "maintenance_mode", "parameters": {"enable": True}}, 202),
    ],
)
def test_staff_can_request_valid_commands_only(
    app: Flask,
    client: FlaskClient,
    staff_headers: Staff,
    make_station: Make,
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, Any],
    expected: int,
) -> None:
    make_station("A")
    hosts = PublicHosts(["x.example"], resolve=lambda _host: ["93.184.216.34"])
    monkeypatch.setitem(app.extensions, "firmware_hosts", hosts)
    answer = client.post("/api/admin/stations/A/remote-command", json=body, headers=staff_headers())
    assert answer.status_code == expected, answer.text


def test_a_command_that_the_protocol_does_not_have_is_refused(
    context: Flask, client: FlaskClient, staff_headers: Staff, make_station: Make
) -> None:
    make_station("A", protocol="volinks-v1")
    headers = staff_headers()
    body = {"command": "lock_slot", "parameters": {"slot_number": 1}}
    refused = client.post("/api/admin/stations/A/remote-command", json=body, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "command_unsupported")
    assert client.post("/api/admin/stations/X/remote-command", json=body, headers=headers).status_code == 404
    serviced = client.post("/api/admin/stations/A/maintenance", json={"enable": True}, headers=headers)
    assert serviced.status_code == 200
    assert query_value("SELECT count(*) FROM station_commands") == 0


def test_maintenance_tells_the_station(
    client: FlaskClient, staff_headers: Staff, context: Flask, make_station: Make
) -> None:
    make_station("A")
    client.post("/api/admin/stations/A/maintenance", json={"enable": True}, headers=staff_headers())
    [command] = query_rows("SELECT command, parameters FROM station_commands")
    assert tuple(command) == ("maintenance_mode", {"enable": True})


def test_other_commands_end_by_their_answer_or_their_deadline(context: Flask, make_station: Make) -> None:
    talker = Talker(make_station("A"))

    def ask(command: str) -> Any:
        with transaction():
            made = commands.request_command(
                station_id=talker.id,
                command=command,
                parameters={"slot_number": 1} if "slot" in command else {},
                requested_by="x",
                now=talker.now,
            )
            assert commands.claim_command(made.id, now=talker.now) is not None
        return made

    locked, unlocked, rebooted, asked = ask("lock_slot"), ask("unlock_slot"), ask("reboot"), ask("get_status")
    talker.wait(1)
    talker.answer(locked.id)
    talker.answer(unlocked.id, success=False, error="invalid_parameters")
    talker.event("boot", None, None)
    talker.snapshot({})
    assert [find_command_status(each)[0] for each in (locked, unlocked, rebooted, asked)] == [
        "succeeded",
        "failed",
        "succeeded",
        "succeeded",
    ]
    silent = ask("lock_slot")
    talker.pass_deadline(silent, 61)
    assert find_command_status(silent)[0] == "unknown"
    talker.answer(silent.id)
    assert find_command_status(silent)[0] == "succeeded"


def test_a_boot_from_before_a_reboot_is_no_answer_to_it(context: Flask, make_station: Make) -> None:
    talker = Talker(make_station("A"))
    talker.snapshot({})
    with transaction():
        reboot = commands.request_command(
            station_id=talker.id, command="reboot", parameters={}, requested_by="staff:x", now=talker.now
        )
    with transaction():
        assert commands.claim_command(reboot.id, now=talker.now) is not None
    talker.wait(1)
    talker.event("boot", None, None, seq=0)  # it kept this one while it was offline
    assert find_command_status(reboot)[0] == "sent"
    talker.event("boot", None, None, boot_id=2, seq=1)
    assert find_command_status(reboot)[0] == "succeeded"


def test_a_version_that_is_shown_proves_the_update(
    context: Flask, client: FlaskClient, staff_headers: Staff, make_station: Make
) -> None:
    talker, headers = Talker(make_station("A")), staff_headers("operations")
    parameters = {"url": "https://x.example/f", "sha256": "0" * 64, "version": "2.1.0"}

    def beat(firmware: str) -> None:
        talker.wait(30)
        talker.say("heartbeat", {"status": "online", "hardware_info": {"firmware": firmware}})

    def update() -> StationCommand:
        with transaction():
            made = commands.request_command(
                station_id=talker.id,
                command="update_firmware",
                parameters=parameters,
                requested_by="x",
                now=talker.now,
            )
            assert commands.claim_command(made.id, now=talker.now) is not None
        return made

    beat("2.0.0")
    answer_lost, refused = update(), update()
    talker.answer(refused.id, success=False, error="checksum_mismatch")
    beat("2.0.0")
    assert find_command_status(answer_lost)[0] == "sent"
    talker.pass_deadline(answer_lost, 901)
    assert find_command_status(answer_lost)[0] == "unknown"
    beat("2.1.0")
    assert find_command_status(answer_lost) == ("succeeded", "version")
    assert find_command_status(refused)[0] == "failed", "what was refused did not do it"
    shown = client.get("/api/admin/stations/A", headers=headers).get_json()
    assert shown["firmware"] == "2.1.0"


def test_a_snapshot_that_is_asked_for_too_late_is_no_dead_letter(context: Flask, make_station: Make) -> None:
    """The next one tells as much. A command that came too late is another matter."""
    talker = Talker(make_station("A"))
    for command in ("get_status", "reboot"):
        with transaction():
            commands.request_command(
                station_id=talker.id, command=command, parameters={}, requested_by="x", now=talker.now
            )
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET expires_at = now() - interval '1 s' WHERE expires_at IS NOT NULL"))
    assert relay.expire_unbegun() == 2
    assert [(each.job, each.number) for each in queries.count_dead_letters()] == [("send_station_command", 1)]


def test_a_command_is_sent_as_its_schema_understood_it(
    client: FlaskClient, make_station: Make, staff_headers: Callable[..., dict[str, str]], app: Flask
) -> None:
    make_station("A")
    headers, path = staff_headers(), "/api/admin/stations/A/remote-command"
    for slot in ("1_0", "3", 3.0, True):
        refused = client.post(path, json={"command": "lock_slot", "parameters": {"slot_number": slot}}, headers=headers)
        assert refused.status_code == 422, slot
    body = {"command": "maintenance", "parameters": {"enable": "on"}}
    answer = client.post(path, json=body, headers=headers)
    if answer.status_code == 202:
        [row] = found_rows(app, "SELECT parameters FROM station_commands")
        assert row.parameters == {"enable": True}
        [told] = found_rows(app, "SELECT new FROM audit_log WHERE action = 'stations.command'")
        assert told.new["parameters"] == {"enable": True}
