"""The jobs of stations: commands, messages of gateways, issues, and power banks that are registered in bulk."""

from datetime import datetime
from uuid import UUID

from flask import current_app

from jobs.batches import repeat_until_none, work_on_operation
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.mqtt.publisher import publisher
from powerbank.stations.actions import services as actions
from powerbank.stations.availability import alerts, history
from powerbank.stations.commands import services as commands
from powerbank.stations.custody import discrepancies, registration
from powerbank.stations.issues import photos
from powerbank.stations.issues import services as issues
from powerbank.stations.messages import gateway_messages, message_log


def process_station_issue(*, report_id: str) -> None:
    issues.process_report(UUID(report_id), now=utcnow())


def send_station_command(run: StepwiseRun, *, command_id: str) -> None:
    """Note that a command is sent, and then send it. A second run finds nothing to send, whatever the first one did."""
    if not commands.is_command_due(UUID(command_id), now=utcnow()):
        return
    db.session.rollback()
    link = publisher(current_app._get_current_object())  # type: ignore[attr-defined]
    link.ready()
    with transaction():
        encoded = commands.claim_command(UUID(command_id), now=utcnow())
    if encoded is not None:
        link.send(encoded.message.topic, encoded.message.payload, qos=encoded.message.qos)


def register_powerbanks(run: StepwiseRun, *, operation_id: str) -> None:
    more = True
    while more:
        with transaction():
            more = registration.register_next_batch(UUID(operation_id), now=utcnow())
    with run.finish():
        registration.finish_registration(UUID(operation_id), now=utcnow())


def act_on_stations(run: StepwiseRun, *, operation_id: str) -> None:
    """Do to stations what staff want, a batch in each transaction. One that is to go slowly has a job for each minute.

    A run that broke off goes on after its last batch.
    """
    with transaction():
        slowly = actions.find_pace(UUID(operation_id)) is not None
    if slowly:
        with run.finish():
            actions.act_within_minute(UUID(operation_id), now=utcnow())
    else:
        work_on_operation(run, UUID(operation_id), lambda id_: actions.act_on_next_stations(id_, now=utcnow()))


def check_station_command(*, command_id: str) -> None:
    commands.check_overdue_command(UUID(command_id), now=utcnow())


def update_station_status(*, station_imei: str, kind: str, payload: str, received_at: str) -> None:
    """Apply a gateway's message, which has the form of `json-v1`. `kind` is the last part of its topic there."""
    gateway_messages.apply_gateway_message(
        station_imei=station_imei, kind=kind, payload=payload, received_at=datetime.fromisoformat(received_at)
    )


def check_station_connectivity(*, issue_id: str, command_id: str | None) -> None:
    issues.check_station_connectivity(UUID(issue_id), UUID(command_id) if command_id else None, now=utcnow())


def check_offline_stations() -> None:
    alerts.announce_changes(now=utcnow())


def prune_station_reports(run: StepwiseRun) -> None:
    """Delete old messages, changes of status, discrepancies and photos, a batch in each transaction."""
    with transaction():
        photos.delete_old_photos(now=utcnow())
    repeat_until_none(lambda: history.delete_old_changes(now=utcnow()))
    repeat_until_none(lambda: message_log.delete_old_messages(now=utcnow()))
    repeat_until_none(lambda: discrepancies.delete_old_discrepancies(now=utcnow()))
