"""How alerts are raised and cleared, what staff decide about dead letters, and how old rows are forgotten."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy import CursorResult, delete, select

from powerbank.base.db import after_commit, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.live import changes
from powerbank.ops.events import OpsAlertRaised
from powerbank.ops.models import Alert
from powerbank.ops.queries import Problem
from powerbank.outbox.enqueue import publish
from powerbank.outbox.heartbeats import Heartbeat
from powerbank.outbox.lifecycle import lock_job, requeue
from powerbank.outbox.models import SETTLED, Cause, OutboxJob, State
from powerbank.outbox.policy import KEEP_DEAD_DAYS, KEEP_DONE_DAYS
from powerbank.outbox.wire import durable_message, forget_message

log = structlog.get_logger(__name__)

BATCH = 5000


def update_alerts(problems: list[Problem], *, now: datetime) -> None:
    """Raise an alert for each new problem, and clear the alerts whose problem is over."""
    session = open_session()
    open_alerts = {alert.key: alert for alert in session.scalars(select(Alert).where(Alert.cleared_at.is_(None)))}
    current = {problem.key: problem for problem in problems}
    for key, problem in current.items():
        if key in open_alerts:
            open_alerts[key].detail = problem.detail
            continue
        session.add(Alert(key=key, kind=problem.kind, detail=problem.detail))
        log.error("alert raised", kind=problem.kind, detail=problem.detail)
        changes.announce("console", kind="alert", id=key)
        publish(OpsAlertRaised(kind=problem.kind, key=key, detail=problem.detail))
    for key in open_alerts.keys() - current.keys():
        open_alerts[key].cleared_at = now
        changes.announce("console", kind="alert", id=key)
        log.info("alert cleared", key=key)


def requeue_dead_letter(job_id: UUID) -> OutboxJob:
    row = _lock_dead_letter(job_id)
    _forget_message(row)
    requeue(row)
    return row


def discard_dead_letter(job_id: UUID) -> OutboxJob:
    """Put a dead letter aside for good. Its row stays for the record until old jobs are pruned."""
    row = _lock_dead_letter(job_id)
    _forget_message(row)
    row.cause = Cause.DISCARDED
    return row


def _forget_message(row: OutboxJob) -> None:
    """Take the message away, so that a decided job no longer stands among the failed jobs of rq-dashboard."""
    changes.announce("console", kind="dead_letter", id=row.id)
    message_id = durable_message(outbox_id=row.id, job=row.job, delivery=row.deliveries).id
    after_commit(lambda: forget_message(message_id))


def _lock_dead_letter(job_id: UUID) -> OutboxJob:
    row = lock_job(job_id)
    if row is None:
        raise NotFoundError("job")
    if row.state != State.DEAD or row.cause in SETTLED:
        raise ConflictError("job_not_dead", "Only a dead letter can be requeued or discarded.")
    return row


def prune_ended_jobs(state: State, *, now: datetime) -> bool:
    """Forget a batch of the jobs that ended in this state long ago. True if there may be more of them."""
    ended_before = now - timedelta(days=KEEP_DONE_DAYS if state is State.DONE else KEEP_DEAD_DAYS)
    old = select(OutboxJob.id).where(OutboxJob.state == state, OutboxJob.finished_at < ended_before).limit(BATCH)
    result = cast(CursorResult[Any], open_session().execute(delete(OutboxJob).where(OutboxJob.id.in_(old))))
    return result.rowcount == BATCH


def prune_heartbeats_and_alerts(*, now: datetime) -> None:
    """Forget programs that ended long ago, and alerts that were cleared long ago."""
    session = open_session()
    session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - timedelta(days=1)))
    session.execute(delete(Alert).where(Alert.cleared_at < now - timedelta(days=KEEP_DEAD_DAYS)))
