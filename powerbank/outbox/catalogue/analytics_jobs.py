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

MAKE_REPORT = JobSpec(
    "make_report",
    body="jobs.analytics.make_report",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, MINUTE, MINUTE),
    alarm=HOUR,
    on_dead="fail_operation",
)
MAKE_REGULAR_REPORT = JobSpec(
    "make_regular_report",
    body="jobs.analytics.make_regular_report",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, MINUTE, MINUTE),
    alarm=HOUR,
)
MAIL_REPORT = JobSpec(
    "mail_report",
    body="jobs.analytics.mail_report",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, 5 * MINUTE, 30 * MINUTE),
    stepwise=True,
    vendor=True,
)
MAKE_PARTNER_REPORTS = JobSpec(
    "make_partner_reports",
    body="jobs.analytics.make_partner_reports",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    alarm=HOUR,
    stepwise=True,
)
MAIL_PARTNER_REPORT = JobSpec(
    "mail_partner_report",
    body="jobs.analytics.mail_partner_report",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, 5 * MINUTE, 30 * MINUTE),
    stepwise=True,
    vendor=True,
)

JOBS = (
    FOLD_ANALYTICS,
    ROLL_UP_ANALYTICS,
    GENERATE_DASHBOARD_ANALYTICS,
    FILL_IN_ANALYTICS,
    MAKE_REPORT,
    MAKE_REGULAR_REPORT,
    MAIL_REPORT,
    MAKE_PARTNER_REPORTS,
    MAIL_PARTNER_REPORT,
)


def _report(name: str, *, kind: str, length: str, cron: str) -> Schedule:
    return Schedule(name, job=MAKE_REGULAR_REPORT, cron=cron, arguments={"kind": kind, "length": length})


SCHEDULES: tuple[Schedule, ...] = (
    Schedule("analytics-fold", job=FOLD_ANALYTICS, cron="*/5 * * * *", at_once=True),
    Schedule("analytics-roll-up", job=ROLL_UP_ANALYTICS, cron="15 0 * * *"),
    _report("daily-report", kind="operations", length="day", cron="45 0 * * *"),
    _report("weekly-report", kind="network", length="week", cron="0 1 * * 1"),
    _report("weekly-finance-report", kind="finance", length="week", cron="5 1 * * 1"),
    _report("monthly-report", kind="network", length="month", cron="30 1 1 * *"),
    _report("monthly-finance-report", kind="finance", length="month", cron="35 1 1 * *"),
    Schedule("partner-reports", job=MAKE_PARTNER_REPORTS, cron="10 3 1 * *"),
)
