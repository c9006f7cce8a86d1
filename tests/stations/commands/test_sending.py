"""A command goes out once: by a job, or right after the commit where somebody waits."""

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from jobs.worker import runtime
from powerbank.base.db import transaction, utcnow
from powerbank.integrations.errors import VendorError
from powerbank.integrations.mqtt.listener import Listener
from powerbank.integrations.mqtt.publisher import Publisher, open_publisher, publisher
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import StationCommand
from scripts.stack.servers.broker import EmbeddedBroker
from tests.stations.conftest import Make
from tests.stations.talker import Talker, find_command_status, query_rows, query_value


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


def test_a_command_that_somebody_waits_for_goes_out_right_after_the_commit(
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
    assert (find_command_status(command), command.attempts) == (("sent", None), 1)
    assert [row.job for row in query_rows("SELECT job FROM outbox_jobs")] == ["check_station_command"]


def hear(cabinet: Listener, what: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        cabinet.turn(0.1, most=10)


def test_a_command_without_a_broker_stays_unsent(
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
    assert find_command_status(command) == ("queued", None)
    context.extensions["mqtt_publisher"] = (os.getpid(), link := Publisher(broker.url))
    try:
        with transaction() as session:
            session.execute(text("UPDATE outbox_jobs SET run_after = now() WHERE job = 'send_station_command'"))
        job_id = query_value("SELECT id FROM outbox_jobs WHERE job = 'send_station_command'")
        for _ in range(2):
            runtime.run("send_station_command", str(job_id), worker="w")
        assert find_command_status(command)[0] == "sent"
        assert query_value("SELECT attempts FROM station_commands") == 1
    finally:
        link.close()
        del context.extensions["mqtt_publisher"]
    assert query_value("SELECT deadline - created_at FROM station_commands") == timedelta(seconds=60)
