from datetime import datetime
from uuid import UUID

from flask import current_app

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.mqtt.publisher import publisher
from powerbank.stations.availability import alerts
from powerbank.stations.commands import services as commands
from powerbank.stations.custody import discrepancies, registration
from powerbank.stations.issues import photos
from powerbank.stations.issues import services as issues
from powerbank.stations.messages import gateway_messages, message_log


def process_station_issue(*, report_id: str) -> None:
    issues.process_report(UUID(report_id), now=utcnow())


def send_station_command(run: StepwiseRun, *, command_id: str) -> None:
    """Noted as sent before it goes out: a second run finds nothing to send, whatever became of the first."""
    if not commands.is_command_due(UUID(command_id), now=utcnow()):
        return
    db.session.rollback()
    link = publisher(current_app._get_current_object())  # type: ignore[attr-defined]
    link.ready()
    with transaction():
        outgoing = commands.claim_command(UUID(command_id), now=utcnow())
    if outgoing is not None:
        link.send(outgoing.message.topic, outgoing.message.payload, qos=outgoing.message.qos)


def register_powerbanks(run: StepwiseRun, *, operation_id: str) -> None:
    more = True
    while more:
        with transaction():
            more = registration.register_next_batch(UUID(operation_id), now=utcnow())
    with run.finish():
        registration.finish_registration(UUID(operation_id), now=utcnow())


def check_station_command(*, command_id: str) -> None:
    commands.check_overdue_command(UUID(command_id), now=utcnow())


def update_station_status(*, station_imei: str, kind: str, payload: str, received_at: str) -> None:
    """`payload` is in the words of `json-v1`, whatever the station speaks; `kind` the last part of its topic."""
    gateway_messages.apply_gateway_message(
        station_imei=station_imei, kind=kind, payload=payload, received_at=datetime.fromisoformat(received_at)
    )


def check_station_connectivity(*, issue_id: str, command_id: str | None) -> None:
    issues.check_station_connectivity(UUID(issue_id), UUID(command_id) if command_id else None, now=utcnow())


def check_offline_stations() -> None:
    alerts.announce_changes(now=utcnow())


def prune_station_reports(run: StepwiseRun) -> None:
    with transaction():
        photos.delete_old_photos(now=utcnow())
    while True:
        with transaction():
            if (
                message_log.delete_old_messages(now=utcnow()) == 0
                and discrepancies.delete_old_discrepancies(now=utcnow()) == 0
            ):
                return
