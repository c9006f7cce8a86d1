"""The jobs of payouts: runs, sending, asking what became of them, and the checks of accounts."""

from powerbank.outbox.policy import DAY, HOUR, MINUTE, JobSpec, Queue, Schedule, Unique, retry_after, retry_until_done

RUN_PAYOUTS = JobSpec(
    "run_payouts",
    body="jobs.payouts.run_payouts",
    queue=Queue.PAYMENTS,
    retries=retry_after(MINUTE, MINUTE, MINUTE),
    alarm=HOUR,
    time_limit=HOUR,
    stepwise=True,
    on_dead="fail_payout_run",
)
FAIL_PAYOUT_RUN = JobSpec(
    "fail_payout_run",
    body="jobs.payouts.fail_payout_run",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(10),
)
SEND_PAYOUT = JobSpec(
    "send_payout",
    body="jobs.payouts.send_payout",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(MINUTE, 5 * MINUTE, 15 * MINUTE),
    alarm=DAY,
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
FOLLOW_PAYOUT = JobSpec(
    "follow_payout",
    body="jobs.payouts.follow_payout",
    queue=Queue.PAYMENTS,
    retries=retry_after(5 * MINUTE),
    alarm=DAY,
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
CHECK_PAYOUTS = JobSpec(
    "check_payouts",
    body="jobs.payouts.check_payouts",
    queue=Queue.PAYMENTS,
    retries=retry_after(MINUTE, 5 * MINUTE),
    stepwise=True,
)
CONFIRM_PAYOUT_ACCOUNT = JobSpec(
    "confirm_payout_account",
    body="jobs.payouts.confirm_payout_account",
    queue=Queue.PAYMENTS,
    retries=retry_after(30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR),
    alarm=HOUR,
    stepwise=True,
    vendor=True,
)

MAKE_STATEMENT = JobSpec(
    "make_statement",
    body="jobs.payouts.make_statement",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, MINUTE, MINUTE),
    alarm=HOUR,
)
MAKE_STATEMENTS = JobSpec(
    "make_statements",
    body="jobs.payouts.make_statements",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, MINUTE, MINUTE),
    alarm=HOUR,
    stepwise=True,
)

JOBS = (
    RUN_PAYOUTS,
    FAIL_PAYOUT_RUN,
    SEND_PAYOUT,
    FOLLOW_PAYOUT,
    CHECK_PAYOUTS,
    CONFIRM_PAYOUT_ACCOUNT,
    MAKE_STATEMENT,
    MAKE_STATEMENTS,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("payouts", job=RUN_PAYOUTS, cron="59 23 * * *", pass_slot=True),
    Schedule("partner-statements", job=MAKE_STATEMENTS, cron="0 1 * * 1", pass_slot=True),
    Schedule("payouts-check", job=CHECK_PAYOUTS, cron="0 * * * *"),
)
