"""The jobs of partners: what accrues at the end of a month, who hears of agreements that end, and mails to partners."""

from powerbank.outbox.policy import DAY, HOUR, MINUTE, JobSpec, Queue, Schedule, retry_after, retry_until_done

ACCRUE_MONTHLY_SHARES = JobSpec(
    "accrue_monthly_shares",
    body="jobs.partners.accrue_monthly_shares",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)

TELL_OF_ENDING_AGREEMENTS = JobSpec(
    "tell_of_ending_agreements",
    body="jobs.partners.tell_of_ending_agreements",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)

ACCRUE_HISTORY = JobSpec(
    "accrue_history",
    body="jobs.partners.accrue_history",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, MINUTE, MINUTE),
    time_limit=6 * HOUR,
    stepwise=True,
    on_dead="fail_history",
)
FAIL_HISTORY = JobSpec(
    "fail_history",
    body="jobs.partners.fail_history",
    queue=Queue.ANALYTICS,
    retries=retry_until_done(10),
)

MAIL_PARTNER = JobSpec(
    "mail_partner",
    body="jobs.partners.mail_partner",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE, HOUR, 6 * HOUR),
    alarm=DAY,
    stepwise=True,
    vendor=True,
)

JOBS = (ACCRUE_MONTHLY_SHARES, TELL_OF_ENDING_AGREEMENTS, ACCRUE_HISTORY, FAIL_HISTORY, MAIL_PARTNER)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("partners-month-end", job=ACCRUE_MONTHLY_SHARES, cron="20 0 1 * *", catch_up=True, pass_slot=True),
    Schedule("partners-ending-agreements", job=TELL_OF_ENDING_AGREEMENTS, cron="15 9 * * *"),
)
