"""The jobs that keep the job system running: the tick of the schedule, the sweep, the monitor, and cleaning up."""

from jobs.worker.stepwise import StepwiseRun
from powerbank.base import idempotency
from powerbank.base.db import transaction, utcnow
from powerbank.ops import queries, services
from powerbank.outbox import relay, schedules
from powerbank.outbox.models import State


def tick() -> None:
    now = utcnow()
    schedules.synchronise(now)
    schedules.enqueue_due_slots(now)


def redeliver_stranded_jobs(run: StepwiseRun) -> None:
    relay.expire_unbegun()
    relay.redeliver_stranded()


def monitor_queues(run: StepwiseRun) -> None:
    alerts = queries.read_queue_health().alerts
    if not queries.have_programs_had_time_to_start(utcnow()):
        alerts = [each for each in alerts if each.kind not in queries.MISSING_PROGRAMS]
    with run.finish():
        services.update_alerts(alerts, now=utcnow())


def prune_jobs(run: StepwiseRun) -> None:
    """A batch has a transaction of its own, so that none grows long."""
    now = utcnow()
    for state in (State.DONE, State.DEAD):
        more = True
        while more:
            with transaction():
                more = services.prune_ended_jobs(state, now=now)
    with run.finish():
        services.prune_heartbeats_and_alerts(now=now)


def prune_idempotency_keys(run: StepwiseRun) -> None:
    with run.finish():
        idempotency.prune_keys(now=utcnow())
