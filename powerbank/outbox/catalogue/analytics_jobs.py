"""The jobs of figures: they fold what happened, fill in what happened before, and make what takes long."""

from powerbank.outbox.policy import HOUR, MINUTE, JobSpec, Queue, Schedule, retry_after

FOLD_ANALYTICS = JobSpec(
    "fold_analytics",
    body="jobs.analytics.fold_analytics",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE),
    expires=5 * MINUTE,
    missed_when_late=True,
    stepwise=True,
)
ROLL_UP_ANALYTICS = JobSpec(
    "roll_up_analytics",
    body="jobs.analytics.roll_up_analytics",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
GENERATE_DASHBOARD_ANALYTICS = JobSpec(
    "generate_dashboard_analytics",
    body="jobs.analytics.generate_dashboard_analytics",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE),
    expires=2 * HOUR,
    on_dead="fail_operation",
)
FILL_IN_ANALYTICS = JobSpec(
    "fill_in_analytics",
    body="jobs.analytics.fill_in_analytics",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, 5 * MINUTE),
    stepwise=True,
    on_dead="fail_operation",
)

JOBS = (FOLD_ANALYTICS, ROLL_UP_ANALYTICS, GENERATE_DASHBOARD_ANALYTICS, FILL_IN_ANALYTICS)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("analytics-fold", job=FOLD_ANALYTICS, cron="*/5 * * * *", at_once=True),
    Schedule("analytics-roll-up", job=ROLL_UP_ANALYTICS, cron="15 0 * * *"),
)
