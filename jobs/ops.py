"""Jobs that keep the machinery running."""

from jobs.stepwise import StepwiseRun
from powerbank import idempotency, relay, schedules
from powerbank.db import utcnow
from powerbank.ops import queries, services


def tick() -> None:
    now = utcnow()
    schedules.synchronise(now)
    schedules.run_due(now)


def redeliver_stranded_jobs(run: StepwiseRun) -> None:
    relay.expire_unbegun()
    relay.redeliver_stranded()


def monitor_queues(run: StepwiseRun) -> None:
    health = queries.queue_health()
    with run.finish():
        services.update_alerts(health.alerts, now=utcnow())


def prune_jobs(run: StepwiseRun) -> None:
    services.prune_history(now=utcnow())


def prune_idempotency_keys(run: StepwiseRun) -> None:
    with run.finish():
        idempotency.prune(now=utcnow())
