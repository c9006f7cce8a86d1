from uuid import UUID

from flask import current_app

from jobs.stepwise import StepwiseRun
from powerbank.db import db, transaction, utcnow
from powerbank.integrations.mqtt.publisher import publisher
from powerbank.stations import commanding, issues


def process_station_issue(*, report_id: str) -> None:
    issues.process(UUID(report_id), now=utcnow())


def send_station_command(run: StepwiseRun, *, command_id: str) -> None:
    """Noted as sent before it goes out: a second run finds nothing to send, whatever became of the first."""
    if not commanding.is_due(UUID(command_id), now=utcnow()):
        return
    db.session.rollback()
    link = publisher(current_app._get_current_object())  # type: ignore[attr-defined]
    link.ready()
    with transaction():
        outgoing = commanding.claim(UUID(command_id), now=utcnow())
    if outgoing is not None:
        link.send(outgoing.message.topic, outgoing.message.payload, qos=outgoing.message.qos)


def check_station_command(*, command_id: str) -> None:
    commanding.check(UUID(command_id), now=utcnow())
