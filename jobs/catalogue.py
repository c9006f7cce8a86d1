"""Every job, every subscription and the whole schedule, as data. Imports nothing of ours but the words for it.

A job is known by its name. What is not in this file cannot be enqueued and is refused by every worker.
"""

from collections.abc import Iterator

from jobs.catalogue_of_money import *  # noqa: F403 (its specs are known as catalogue.NAME, like all others)
from jobs.catalogue_of_money import JOBS as MONEY_JOBS
from jobs.catalogue_of_money import SCHEDULES as MONEY_SCHEDULES
from jobs.policy import JobSpec, Queue, Retries, Schedule, Unique

# ── Content ──────────────────────────────────────────────────────────────────────────────────────────
PUBLISH_CONTENT = JobSpec(
    "publish_content",
    "jobs.content.publish_content",
    Queue.DEFAULT,
    Retries((60, 300), until_done=True),
    alarm=3600,
)

# ── Identity ─────────────────────────────────────────────────────────────────────────────────────────
SEND_OTP = JobSpec(
    "send_otp",
    "jobs.auth.send_otp",
    Queue.CRITICAL,
    Retries((5, 30, 60)),
    expires=300,
    stepwise=True,
    on_dead="close_delivery",
)
# Other domains have their part in a new account too: see powerbank.users.joining.
POST_REGISTRATION = JobSpec(
    "post_registration",
    "jobs.users.post_registration",
    Queue.DEFAULT,
    Retries((60,), until_done=True),
    alarm=3600,
)
PROCESS_REFERRAL = JobSpec(
    "process_referral",
    "jobs.users.process_referral",
    Queue.DEFAULT,
    Retries((60,), until_done=True),
    alarm=3600,
)
PRUNE_SIGN_INS = JobSpec("prune_sign_ins", "jobs.auth.prune_sign_ins", Queue.CLEANUP, Retries((300, 1800)))

# ── KYC ──────────────────────────────────────────────────────────────────────────────────────────────
PROCESS_KYC_SUBMISSION = JobSpec(
    "process_kyc_submission",
    "jobs.kyc.process_kyc_submission",
    Queue.DEFAULT,
    Retries((120, 120)),
    alarm=3600,
    stepwise=True,
)
DELETE_DOCUMENTS = JobSpec(
    "delete_documents",
    "jobs.kyc.delete_documents",
    Queue.CLEANUP,
    Retries((300, 1800), until_done=True),
    alarm=86400,
    stepwise=True,
    unique=Unique.WHILE_OPEN,
)
DELETE_OLD_DOCUMENTS = JobSpec(
    "delete_old_documents", "jobs.kyc.delete_old_documents", Queue.CLEANUP, Retries((300, 1800))
)
# ── Administration ───────────────────────────────────────────────────────────────────────────────────
ADMIN_USER_ACTION = JobSpec("admin_user_action", "jobs.admin.admin_user_action", Queue.DEFAULT, Retries((60, 60)))
# ── Notifications ────────────────────────────────────────────────────────────────────────────────────
CREATE_NOTIFICATION = JobSpec(
    "create_notification", "jobs.notifications.create_notification", Queue.DEFAULT, Retries((30, 30))
)
SEND_PUSH = JobSpec(
    "send_push",
    "jobs.notifications.send",
    Queue.NOTIFICATIONS,
    Retries((60, 120, 240)),
    expires=180,
    stepwise=True,
    on_dead="close_delivery",
)
SEND_SMS = JobSpec(
    "send_sms",
    "jobs.notifications.send",
    Queue.NOTIFICATIONS,
    Retries((60, 120, 240)),
    expires=600,
    stepwise=True,
    on_dead="close_delivery",
)
SEND_EMAIL = JobSpec(
    "send_email",
    "jobs.notifications.send",
    Queue.DEFAULT,
    Retries((60, 300)),
    expires=1800,
    stepwise=True,
    on_dead="close_delivery",
)
CLOSE_DELIVERY = JobSpec(
    "close_delivery", "jobs.notifications.close_delivery", Queue.NOTIFICATIONS, Retries((60,), until_done=True)
)
PRUNE_NOTIFICATIONS = JobSpec(
    "prune_notifications",
    "jobs.notifications.prune_notifications",
    Queue.CLEANUP,
    Retries((300, 1800)),
    stepwise=True,
)

# ── Stations ─────────────────────────────────────────────────────────────────────────────────────────
PROCESS_STATION_ISSUE = JobSpec(
    "process_station_issue", "jobs.stations.process_station_issue", Queue.DEFAULT, Retries((60, 60))
)

# ── Operations ───────────────────────────────────────────────────────────────────────────────────────
TICK = JobSpec("tick", "jobs.ops.tick", Queue.CRITICAL, durable=False, time_limit=60, result_ttl=60)
REDELIVER = JobSpec(
    "redeliver_stranded_jobs",
    "jobs.ops.redeliver_stranded_jobs",
    Queue.CRITICAL,
    expires=300,
    stepwise=True,
    result_ttl=60,
)
MONITOR = JobSpec(
    "monitor_queues", "jobs.ops.monitor_queues", Queue.CRITICAL, expires=300, stepwise=True, result_ttl=60
)
PRUNE_JOBS = JobSpec("prune_jobs", "jobs.ops.prune_jobs", Queue.CLEANUP, Retries((300, 1800)), stepwise=True)
PRUNE_IDEMPOTENCY_KEYS = JobSpec(
    "prune_idempotency_keys",
    "jobs.ops.prune_idempotency_keys",
    Queue.CLEANUP,
    Retries((300, 1800)),
    stepwise=True,
)

JOBS: tuple[JobSpec, ...] = (
    PUBLISH_CONTENT,
    SEND_OTP,
    POST_REGISTRATION,
    PROCESS_REFERRAL,
    PRUNE_SIGN_INS,
    PROCESS_KYC_SUBMISSION,
    DELETE_DOCUMENTS,
    DELETE_OLD_DOCUMENTS,
    ADMIN_USER_ACTION,
    CREATE_NOTIFICATION,
    SEND_PUSH,
    SEND_SMS,
    SEND_EMAIL,
    CLOSE_DELIVERY,
    PRUNE_NOTIFICATIONS,
    *MONEY_JOBS,
    PROCESS_STATION_ISSUE,
    TICK,
    REDELIVER,
    MONITOR,
    PRUNE_JOBS,
    PRUNE_IDEMPOTENCY_KEYS,
)

# What follows from what: `publish("event", …)` enqueues each job named here with the event's fields.
SUBSCRIPTIONS: dict[str, tuple[JobSpec, ...]] = {
    "content_published": (),
    "kyc_submitted": (),
    "kyc_approved": (),
    "kyc_rejected": (),
    "account_status_changed": (),
    "user_registered": (POST_REGISTRATION, PROCESS_REFERRAL),
    "user_deleted": (),
    "ledger_mismatch": (),
    "payment_ready": (),
    "topup_succeeded": (),
    "topup_failed": (),
    "payment_needs_review": (),
    "settlement_mismatch": (),
    "renting_blocked": (),
    "payment_refunded": (),
    "topup_refunded": (),
    "topup_charged_back": (),
    "chargeback_reversed": (),
    "refund_needs_attention": (),
    "exchange_rates_stale": (),
    "station_issue_reported": (),
    "ops_alert_raised": (),
    "ops_alert_cleared": (),
    "job_died": (),
}

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("stranded-job-redelivery", REDELIVER, "* * * * *", "UTC"),
    Schedule("queue-monitor", MONITOR, "* * * * *", "UTC"),
    *MONEY_SCHEDULES,
    Schedule("prune-jobs", PRUNE_JOBS, "0 3 * * *"),
    Schedule("prune-sign-ins", PRUNE_SIGN_INS, "5 3 * * *"),
    Schedule("delete-old-documents", DELETE_OLD_DOCUMENTS, "15 3 * * *"),
    Schedule("prune-notifications", PRUNE_NOTIFICATIONS, "15 3 * * *"),
    Schedule("prune-idempotency-keys", PRUNE_IDEMPOTENCY_KEYS, "10 3 * * *"),
)

SCHEDULED: frozenset[str] = frozenset(entry.job.name for entry in SCHEDULES)

_by_name: dict[str, JobSpec] = {spec.name: spec for spec in JOBS}


def find(name: str) -> JobSpec | None:
    return _by_name.get(name)


def register(*specs: JobSpec) -> None:
    """Adds jobs of tests and benchmarks. The product's own stand above."""
    _by_name.update({spec.name: spec for spec in specs})


def all_jobs() -> Iterator[JobSpec]:
    yield from _by_name.values()
