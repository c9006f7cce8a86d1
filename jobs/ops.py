"""Jobs that keep the machinery running."""

from jobs.worker.stepwise import StepwiseRun
from powerbank.base import idempotency
from powerbank.base.db import utcnow
from powerbank.ops import queries, services
from powerbank.outbox import relay, schedules


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
        alerts = [each for each in alerts if each.kind not in queries.MISSING]
    with run.finish():
        services.update_alerts(alerts, now=utcnow())


def prune_jobs(run: StepwiseRun) -> None:
    services.prune_history(now=utcnow())


def prune_idempotency_keys(run: StepwiseRun) -> None:
    with run.finish():
        idempotency.prune_keys(now=utcnow())
