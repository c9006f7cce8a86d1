"""The jobs of partners: what accrues at the end of a month."""

from powerbank.outbox.policy import MINUTE, JobSpec, Queue, Schedule, retry_after

ACCRUE_MONTHLY_SHARES = JobSpec(
    "accrue_monthly_shares",
    body="jobs.partners.accrue_monthly_shares",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)

JOBS = (ACCRUE_MONTHLY_SHARES,)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("partners-month-end", job=ACCRUE_MONTHLY_SHARES, cron="20 0 1 * *", catch_up=True, pass_slot=True),
)
