"""Every job, every subscription and the whole schedule, as data. Imports nothing of ours but the words for it.

A job is known by its name. What is not in this file cannot be enqueued and is refused by every worker.
"""

from collections.abc import Iterator

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

# ── Money ────────────────────────────────────────────────────────────────────────────────────────────
SEAL_LEDGER_SUMS = JobSpec(
    "seal_ledger_sums",
    "jobs.ledger.seal_ledger_sums",
    Queue.ANALYTICS,
    expires=3600,
    stepwise=True,
    result_ttl=60,
)
RECONCILE_LEDGER = JobSpec(
    "reconcile_ledger",
    "jobs.ledger.reconcile_ledger",
    Queue.ANALYTICS,
    Retries((300, 1800)),
    stepwise=True,
)

# ── Payments ─────────────────────────────────────────────────────────────────────────────────────────
GIVE_UP_PAYMENT_URL = JobSpec(
    "give_up_payment_url", "jobs.payments.give_up_payment_url", Queue.PAYMENTS, Retries((10,), until_done=True)
)
CREATE_PAYMENT_URL = JobSpec(
    "create_payment_url",
    "jobs.payments.create_payment_url",
    Queue.PAYMENTS,
    Retries((5, 15, 30, 60, 120)),
    expires=600,
    stepwise=True,
    on_dead="give_up_payment_url",
)
CLOSE_PAYMENT_INTENT = JobSpec(
    "close_payment_intent", "jobs.payments.close_payment_intent", Queue.PAYMENTS, Retries((10,), until_done=True)
)
EXPIRE_PAYMENT_INTENT = JobSpec(
    "expire_payment_intent",
    "jobs.payments.expire_payment_intent",
    Queue.PAYMENTS,
    Retries((30, 60, 120)),
    stepwise=True,
    unique=Unique.WHILE_OPEN,
    on_dead="close_payment_intent",
)
POLL_PENDING_PAYMENT = JobSpec(
    "poll_pending_payment",
    "jobs.payments.poll_pending_payment",
    Queue.PAYMENTS,
    Retries((30, 60, 120, 240, 480, 900)),
    stepwise=True,
)
POLL_PENDING_PAYMENTS = JobSpec(
    "poll_pending_payments", "jobs.payments.poll_pending_payments", Queue.PAYMENTS, Retries((30,)), expires=300
)
PROCESS_PAYMENT_WEBHOOK = JobSpec(
    "process_payment_webhook",
    "jobs.payments.process_payment_webhook",
    Queue.PAYMENTS,
    Retries((10, 30, 60), until_done=True),
    alarm=300,
    stepwise=True,
)
UPDATE_EXCHANGE_RATES = JobSpec(
    "update_exchange_rates",
    "jobs.payments.update_exchange_rates",
    Queue.DEFAULT,
    Retries((60, 300, 900, 3600)),
    stepwise=True,
)
CHECK_EXCHANGE_RATES = JobSpec(
    "check_exchange_rates", "jobs.payments.check_exchange_rates", Queue.DEFAULT, Retries((60,))
)

# ── Stations ─────────────────────────────────────────────────────────────────────────────────────────
PROCESS_STATION_ISSUE = JobSpec(
    "process_station_issue", "jobs.stations.process_station_issue", Queue.DEFAULT, Retries((60, 60))
)

SEND_STATION_COMMAND = JobSpec(
    "send_station_command",
    "jobs.stations.send_station_command",
    Queue.IOT,
    Retries((5, 15)),
    expires=120,
    stepwise=True,
)
# What a command's deadline, or the time for its snapshot, brings.
CHECK_STATION_COMMAND = JobSpec(
    "check_station_command", "jobs.stations.check_station_command", Queue.IOT, Retries((5,), until_done=True), alarm=300
)
# The daemon's work for gateways that speak HTTP.
UPDATE_STATION_STATUS = JobSpec(
    "update_station_status", "jobs.stations.update_station_status", Queue.IOT, Retries((30, 30)), expires=120
)
CHECK_STATION_CONNECTIVITY = JobSpec(
    "check_station_connectivity", "jobs.stations.check_station_connectivity", Queue.IOT, Retries((10, 30)), expires=120
)
CHECK_OFFLINE_STATIONS = JobSpec(
    "check_offline_stations", "jobs.stations.check_offline_stations", Queue.IOT, expires=300, result_ttl=60
)
PRUNE_STATION_REPORTS = JobSpec(
    "prune_station_reports", "jobs.stations.prune_station_reports", Queue.CLEANUP, Retries((300, 1800)), stepwise=True
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

JOBS: tuple[JobSpec, ...] = tuple(found for found in list(globals().values()) if isinstance(found, JobSpec))

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
    "exchange_rates_stale": (),
    "station_issue_reported": (),
    "station_command_settled": (),  # command_id, status; again when a late fact changes it
    "powerbank_returned": (),
    "ejection_undone": (),  # the bank that was said to be out never left its slot
    "return_self_tested": (),
    "station_offline": (),
    "station_online": (),
    "station_battery_low": (),
    "station_alarm": (),  # overheat, tamper, slot_fault
    "ops_alert_raised": (),
    "ops_alert_cleared": (),
    "job_died": (),
}

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("stranded-job-redelivery", REDELIVER, "* * * * *", "UTC"),
    Schedule("queue-monitor", MONITOR, "* * * * *", "UTC"),
    Schedule("offline-stations", CHECK_OFFLINE_STATIONS, "* * * * *", "UTC"),
    Schedule("seal-ledger-sums", SEAL_LEDGER_SUMS, "*/10 * * * *", "UTC"),
    Schedule("ledger-reconciliation", RECONCILE_LEDGER, "0 2 * * *"),
    Schedule("pending-payments-poll", POLL_PENDING_PAYMENTS, "*/5 * * * *", "UTC"),
    Schedule("exchange-rates", UPDATE_EXCHANGE_RATES, "0 0 * * *", "UTC"),
    Schedule("exchange-rates-check", CHECK_EXCHANGE_RATES, "0 9 * * *"),
    Schedule("prune-jobs", PRUNE_JOBS, "0 3 * * *"),
    Schedule("prune-sign-ins", PRUNE_SIGN_INS, "5 3 * * *"),
    Schedule("delete-old-documents", DELETE_OLD_DOCUMENTS, "15 3 * * *"),
    Schedule("prune-station-reports", PRUNE_STATION_REPORTS, "20 3 * * *"),
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
