"""Commands that staff give, and how commands get to the broker."""

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from jobs.worker import runtime
from powerbank.base.db import transaction, utcnow
from powerbank.integrations.callbacks.client import PublicHosts
from powerbank.integrations.errors import VendorError
from powerbank.integrations.mqtt.listener import Listener
from powerbank.integrations.mqtt.publisher import Publisher, open_publisher, publisher
from powerbank.ops import queries
from powerbank.outbox import relay
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import StationCommand
from scripts.stack.servers.broker import EmbeddedBroker
from tests.people import rows as found_rows
from tests.stations.conftest import Make
from tests.stations.talker import Talker, rows, status, value

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
    assert value("SELECT count(*) FROM outbox_jobs WHERE job = 'send_station_command'") == 1
    assert value("SELECT count(*) FROM audit_log WHERE action = 'stations.command'") == 1
    with transaction():
        assert commands.claim_command(command_id, now=talker.now) is not None
    talker.answer(command_id, slot_number=1, powerbank_sn="A-1")
    [shown] = client.get("/api/admin/stations/A/commands", headers=headers).get_json()["items"]
    assert (shown["command_id"], shown["status"], shown["response"]["proof"]) == (command_id, "succeeded", "confirmed")
    assert shown["finished_at"] is not None
    [stay] = rows("SELECT place, holder FROM custody WHERE upper_inf(period)")
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
def test_what_can_be_asked_for(
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


def test_what_a_protocol_has_no_words_for_is_refused(
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
    assert value("SELECT count(*) FROM station_commands") == 0


def test_maintenance_tells_the_station(
    client: FlaskClient, staff_headers: Staff, context: Flask, make_station: Make
) -> None:
    make_station("A")
    client.post("/api/admin/stations/A/maintenance", json={"enable": True}, headers=staff_headers())
    [command] = rows("SELECT command, parameters FROM station_commands")
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
    assert [status(each)[0] for each in (locked, unlocked, rebooted, asked)] == [
        "succeeded",
        "failed",
        "succeeded",
        "succeeded",
    ]
    silent = ask("lock_slot")
    talker.pass_deadline(silent, 61)
    assert status(silent)[0] == "unknown"
    talker.answer(silent.id)
    assert status(silent)[0] == "succeeded"


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
    assert status(answer_lost)[0] == "sent"
    talker.pass_deadline(answer_lost, 901)
    assert status(answer_lost)[0] == "unknown"
    beat("2.1.0")
    assert status(answer_lost) == ("succeeded", "version")
    assert status(refused)[0] == "failed", "what was refused did not do it"
    shown = client.get("/api/admin/stations/A", headers=headers).get_json()
    assert shown["firmware"] == "2.1.0"


def test_a_publisher_needs_a_broker(broker: EmbeddedBroker, app: Flask) -> None:
    link = Publisher(broker.url)
    link.ready()
    assert link.send("stations/x/commands", b"{}", qos=2)
    link.close()
    with pytest.raises(VendorError):
        Publisher("mqtt://127.0.0.1:1").ready()
    with pytest.raises(VendorError):
        publisher(app)
    assert open_publisher(app) is None


def test_a_command_for_which_somebody_waits_goes_out_right_after_the_commit(
    context: Flask, make_station: Make, broker: EmbeddedBroker
) -> None:
    talker = Talker(make_station("A", charges={1: 90}))
    cabinet = Listener(broker.url, client_id="A", durable=False, filters=[("stations/imei-A/commands", 2)])
    hear(cabinet, lambda: cabinet.is_up)
    link = Publisher(broker.url)
    link.ready()

    def ask() -> StationCommand:
        return commands.request_command(
            station_id=talker.id,
            command="eject_powerbank",
            parameters={"slot_number": 1, "powerbank_sn": "A-1"},
            requested_by="x",
            now=utcnow(),
            through=link,
        )

    def ask_in_vain() -> None:
        with transaction():
            ask()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ask_in_vain()
    with transaction():
        command = ask()
    hear(cabinet, lambda: cabinet.inbox)
    assert [json.loads(each.payload)["command_id"] for each in cabinet.inbox] == [str(command.id)]
    cabinet.close()
    link.close()
    assert (status(command), command.attempts) == (("sent", None), 1)
    assert [row.job for row in rows("SELECT job FROM outbox_jobs")] == ["check_station_command"]


def hear(cabinet: Listener, what: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        cabinet.turn(0.1, most=10)


def test_a_command_for_which_no_broker_is_there_stays_unsent(
    context: Flask, make_station: Make, work: Callable[..., None], broker: EmbeddedBroker
) -> None:
    """Nothing is noted as sent before there is somebody to send it to."""
    talker = Talker(make_station("A", charges={1: 90}))
    with transaction():
        command = commands.request_command(
            station_id=talker.id,
            command="eject_powerbank",
            parameters={"slot_number": 1, "powerbank_sn": "A-1"},
            requested_by="x",
            now=talker.now,
            deadline_seconds=60,
        )
    work("iot")
    assert status(command) == ("queued", None)
    context.extensions["mqtt_publisher"] = (os.getpid(), link := Publisher(broker.url))
    try:
        with transaction() as session:
            session.execute(text("UPDATE outbox_jobs SET run_after = now() WHERE job = 'send_station_command'"))
        job_id = value("SELECT id FROM outbox_jobs WHERE job = 'send_station_command'")
        for _ in range(2):
            runtime.run("send_station_command", str(job_id), worker="w")
        assert status(command)[0] == "sent"
        assert value("SELECT attempts FROM station_commands") == 1
    finally:
        link.close()
        del context.extensions["mqtt_publisher"]
    assert value("SELECT deadline - created_at FROM station_commands") == timedelta(seconds=60)


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


def test_what_is_sent_is_what_was_understood(
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


class TestFirmware:
    """Stations load it from hosts that the operator named, which lead to the public internet."""

    def send(self, client: FlaskClient, headers: dict[str, str], url: str) -> tuple[int, str]:
        parameters = {"url": url, "sha256": "ab" * 32, "version": "2.1.0"}
        answer = client.post(
            "/api/admin/stations/A/remote-command",
            json={"command": "update_firmware", "parameters": parameters},
            headers=headers,
        )
        return answer.status_code, str(answer.get_json().get("errors", answer.get_json().get("code")))

    @pytest.fixture
    def leads_to(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        def lead(*addresses: str) -> None:
            hosts = PublicHosts(["firmware.example.com"], resolve=lambda _host: list(addresses))
            monkeypatch.setitem(app.extensions, "firmware_hosts", hosts)

        return lead

    def test_from_a_host_that_was_named(
        self,
        client: FlaskClient,
        make_station: Make,
        staff_headers: Callable[..., dict[str, str]],
        leads_to: Callable[..., None],
    ) -> None:
        make_station("A")
        headers = staff_headers()
        leads_to("93.184.216.34")
        assert self.send(client, headers, "https://firmware.example.com/2.1.0.bin")[0] == 202
        for url in (
            "https://elsewhere.example.com/2.1.0.bin",
            "https://firmware.example.com.evil.example/x",
            "https://firmware.example.com@evil.example/x",
            "https://93.184.216.34/x",
            "https://firmware.example.com:8443/x",
        ):
            assert self.send(client, headers, url)[0] == 422, url

    @pytest.mark.parametrize("addresses", [("10.0.0.7",), ("93.184.216.34", "127.0.0.1"), ("169.254.169.254",)])
    def test_which_leads_to_public_addresses_only(
        self,
        client: FlaskClient,
        make_station: Make,
        staff_headers: Callable[..., dict[str, str]],
        leads_to: Callable[..., None],
        addresses: tuple[str, ...],
        app: Flask,
    ) -> None:
        make_station("A")
        leads_to(*addresses)
        status, said = self.send(client, staff_headers(), "https://firmware.example.com/2.1.0.bin")
        assert (status, "public addresses only" in said) == (422, True)
        leads_to()
        assert self.send(client, staff_headers("operations"), "https://firmware.example.com/x") == (503, "unavailable")
        assert found_rows(app, "SELECT FROM station_commands") == []

    def test_where_none_was_named_there_is_none(
        self, client: FlaskClient, make_station: Make, staff_headers: Callable[..., dict[str, str]]
    ) -> None:
        make_station("A")
        assert self.send(client, staff_headers(), "https://firmware.example.com/2.1.0.bin")[0] == 422
