"""The jobs that keep the job system running: tick of the schedule, sweep, monitor, staff's decisions, cleaning up."""

from uuid import UUID

from jobs.batches import repeat_until_none, work_on_operation
from jobs.worker.stepwise import StepwiseRun
from powerbank.base import idempotency
from powerbank.base.db import transaction, utcnow
from powerbank.ops import job_decisions, queries, services
from powerbank.ops.machinery import history
from powerbank.ops.now import stocks
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
        history.record_samples(now=utcnow())


def decide_dead_letters(run: StepwiseRun, *, operation_id: str) -> None:
    """Carry out what staff decided about many dead letters. A run that broke off goes on after its last batch."""
    work_on_operation(run, UUID(operation_id), job_decisions.decide_next_batch)


def prune_jobs(run: StepwiseRun) -> None:
    """A batch has a transaction of its own, so that none grows long."""
    now = utcnow()
    for state in (State.DONE, State.DEAD):
        more = True
        while more:
            with transaction():
                more = services.prune_ended_jobs(state, now=now)
    repeat_until_none(lambda: history.delete_old_samples(now=now))
    with run.finish():
        services.prune_heartbeats_and_alerts(now=now)


def prune_idempotency_keys(run: StepwiseRun) -> None:
    with run.finish():
        idempotency.prune_keys(now=utcnow())


def record_stocks() -> None:
    stocks.record_stocks(utcnow())
