"""Every job, every subscription and the whole schedule, as data. Imports nothing of ours but the words for it.

A job is known by its name. What is not in this file cannot be enqueued and is refused by every worker.
"""

from collections.abc import Iterator

from jobs import catalogue_of_notices as notices
from jobs import catalogue_of_rentals as rentals
from jobs import catalogue_of_rewards as rewards
from jobs.catalogue_of_notices import tell_staff, tell_user
from jobs.policy import JobSpec, Queue, Reaction, Retries, Schedule, Unique

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
CREATE_NOTIFICATION = notices.CREATE_NOTIFICATION
SEND_PUSH, SEND_SMS, SEND_EMAIL = notices.SEND_PUSH, notices.SEND_SMS, notices.SEND_EMAIL
BROADCAST_SYSTEM_MESSAGE = notices.BROADCAST_SYSTEM_MESSAGE
SEND_DIGEST, SEND_TEMPLATE_TEST = notices.SEND_DIGEST, notices.SEND_TEMPLATE_TEST

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
PROCESS_GATEWAY_REFUND = JobSpec(
    "process_gateway_refund",
    "jobs.payments.process_gateway_refund",
    Queue.PAYMENTS,
    Retries((10, 30, 60), until_done=True),
    alarm=300,
    stepwise=True,
)
PROCESS_GATEWAY_DISPUTE = JobSpec(
    "process_gateway_dispute",
    "jobs.payments.process_gateway_dispute",
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

# A refund that a gateway refuses, or cannot answer for, goes to staff; so these never end dead by a refusal.
REFUND_TOPUP = JobSpec(
    "refund_topup",
    "jobs.refunds.refund_topup",
    Queue.PAYMENTS,
    Retries((60, 120, 300), until_done=True),
    alarm=3600,
    stepwise=True,
)
FOLLOW_REFUND = JobSpec(
    "follow_refund",
    "jobs.refunds.follow_refund",
    Queue.PAYMENTS,
    Retries((60, 300, 900), until_done=True),
    alarm=86400,
    stepwise=True,
)
REFUND_RENTAL_PAYMENT = JobSpec(
    "refund_rental_payment",
    "jobs.refunds.refund_rental_payment",
    Queue.PAYMENTS,
    Retries((60,), until_done=True),
    alarm=600,
)
ALERT_LOW_CREDIT = JobSpec(
    "alert_low_credit", "jobs.credit.alert_low_credit", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
ALERT_CRITICAL_CREDIT = JobSpec(
    "alert_critical_credit", "jobs.credit.alert_critical_credit", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
ALERT_HIGH_USAGE = JobSpec(
    "alert_high_usage", "jobs.credit.alert_high_usage", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
REMIND_OF_DUES = JobSpec(
    "remind_of_dues", "jobs.credit.remind_of_dues", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
BLOCK_FOR_DUES = JobSpec(
    "block_for_dues", "jobs.credit.block_for_dues", Queue.DEFAULT, Retries((60, 300)), stepwise=True
)
COMPARE_SETTLEMENTS = JobSpec(
    "compare_settlements",
    "jobs.payments.compare_settlements",
    Queue.ANALYTICS,
    Retries((300, 1800)),
    stepwise=True,
)
PRUNE_PAYMENTS = JobSpec(
    "prune_payments", "jobs.payments.prune_payments", Queue.CLEANUP, Retries((300, 1800)), stepwise=True
)
CALCULATE_PAYMENT_OPTIONS = JobSpec(
    "calculate_payment_options",
    "jobs.payments.calculate_payment_options",
    Queue.DEFAULT,
    Retries((30, 30)),
    expires=300,
    on_dead="fail_operation",
)
# ── Points ───────────────────────────────────────────────────────────────────────────────────────────
# ── Rewards ──────────────────────────────────────────────────────────────────────────────────────────
AWARD_POINTS, REVERSE_POINTS = rewards.AWARD_POINTS, rewards.REVERSE_POINTS
BULK_AWARD_POINTS, CHECK_ACHIEVEMENTS = rewards.BULK_AWARD_POINTS, rewards.CHECK_ACHIEVEMENTS
UPDATE_LEADERBOARD, FIND_ACHIEVERS = rewards.UPDATE_LEADERBOARD, rewards.FIND_ACHIEVERS

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
    "check_station_command",
    "jobs.stations.check_station_command",
    Queue.IOT,
    Retries((5,), until_done=True),
    alarm=300,
)
# ── Rentals ──────────────────────────────────────────────────────────────────────────────────────────
PROCESS_RENTAL_INITIATION = rentals.PROCESS_RENTAL_INITIATION
SETTLE_EJECTION, PROCESS_RENTAL_RETURN = rentals.SETTLE_EJECTION, rentals.PROCESS_RENTAL_RETURN
PROCESS_OVERDUE_PAYMENT, SWAP_RENTAL = rentals.PROCESS_OVERDUE_PAYMENT, rentals.SWAP_RENTAL
SEND_RENTAL_REMINDER = rentals.SEND_RENTAL_REMINDER

# ── Accepted work that has no resource of its own ────────────────────────────────────────────────────
FAIL_OPERATION = JobSpec(
    "fail_operation", "jobs.operations.fail_operation", Queue.DEFAULT, Retries((10,), until_done=True)
)
SEND_CALLBACK = JobSpec(
    "send_callback",
    "jobs.operations.send_callback",
    Queue.DEFAULT,
    Retries((10, 60, 300)),
    expires=3600,
    stepwise=True,
)
PRUNE_OPERATIONS = JobSpec("prune_operations", "jobs.operations.prune_operations", Queue.CLEANUP, Retries((300, 1800)))
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
    "prune_station_reports",
    "jobs.stations.prune_station_reports",
    Queue.CLEANUP,
    Retries((300, 1800)),
    stepwise=True,
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
    *notices.JOBS,
    *rentals.JOBS,
    SEAL_LEDGER_SUMS,
    RECONCILE_LEDGER,
    CREATE_PAYMENT_URL,
    GIVE_UP_PAYMENT_URL,
    EXPIRE_PAYMENT_INTENT,
    CLOSE_PAYMENT_INTENT,
    POLL_PENDING_PAYMENT,
    POLL_PENDING_PAYMENTS,
    PROCESS_PAYMENT_WEBHOOK,
    PROCESS_GATEWAY_REFUND,
    PROCESS_GATEWAY_DISPUTE,
    UPDATE_EXCHANGE_RATES,
    CHECK_EXCHANGE_RATES,
    REFUND_TOPUP,
    FOLLOW_REFUND,
    REFUND_RENTAL_PAYMENT,
    ALERT_LOW_CREDIT,
    ALERT_CRITICAL_CREDIT,
    ALERT_HIGH_USAGE,
    REMIND_OF_DUES,
    BLOCK_FOR_DUES,
    COMPARE_SETTLEMENTS,
    PRUNE_PAYMENTS,
    CALCULATE_PAYMENT_OPTIONS,
    *rewards.JOBS,
    PROCESS_STATION_ISSUE,
    SEND_STATION_COMMAND,
    CHECK_STATION_COMMAND,
    FAIL_OPERATION,
    SEND_CALLBACK,
    PRUNE_OPERATIONS,
    UPDATE_STATION_STATUS,
    CHECK_STATION_CONNECTIVITY,
    CHECK_OFFLINE_STATIONS,
    PRUNE_STATION_REPORTS,
    TICK,
    REDELIVER,
    MONITOR,
    PRUNE_JOBS,
    PRUNE_IDEMPOTENCY_KEYS,
)

# What follows from what: `publish("event", …)` enqueues each job named here with the event's fields.
SUBSCRIPTIONS: dict[str, tuple[JobSpec | Reaction, ...]] = {
    "content_published": (),
    "kyc_submitted": (tell_staff("kyc_to_review"),),
    "kyc_approved": (rewards.REWARD_KYC,),
    "kyc_rejected": (),
    "account_status_changed": (),
    "user_registered": (POST_REGISTRATION, PROCESS_REFERRAL),
    "user_deleted": (),
    "ledger_mismatch": (tell_staff("ledger_mismatch"),),
    "payment_ready": (),
    "topup_succeeded": (rewards.REWARD_TOPUP,),
    "topup_failed": (),
    "station_command_settled": (rentals.SETTLE_EJECTION,),  # command_id, status; again when a late fact changes it
    "powerbank_returned": (rentals.PROCESS_RENTAL_RETURN,),
    "ejection_undone": (rentals.UNDO_EJECTION,),  # the bank that was said to be out never left its slot
    "return_self_tested": (rentals.FINISH_PROVISIONAL_RETURN,),
    # Of rentals, each with rental_id and user_id.
    "rental_started": (tell_user("rental_started", once_per="rental_id"),),
    "rental_paid": (tell_user("purchase_success", once_per="version"),),
    "rental_failed": (tell_user("rental_failed", once_per="rental_id"),),
    "rental_cancelled": (tell_user("rental_cancelled", once_per="rental_id"),),
    "rental_extended": (tell_user("rental_extended", once_per="due_at"),),
    "rental_ending_soon": (tell_user("rental_ending_soon", once_per="due_at"),),
    "rental_overdue": (tell_user("rental_overdue", once_per="due_at"),),
    "rental_completed": (rewards.REWARD_RENTAL, rewards.COUNT_RENTAL),  # on_time, late
    "rental_settled": (tell_user("rental_completed", once_per="rental_id"),),
    "rental_lost": (tell_user("rental_lost", once_per="rental_id"),),
    "rental_refunded": (tell_user("refund_completed"),),
    "due_created": (tell_user("due_created"),),
    "rental_disputed": (tell_staff("rental_disputed"),),
    "rental_came_late": (tell_staff("rental_came_late"),),
    "paid_not_ejected": (tell_staff("paid_not_ejected"),),
    "unmatched_return": (tell_staff("unmatched_return"),),
    "slot_locked": (tell_staff("station_fault"),),
    "station_offline": (tell_staff("station_offline"),),
    "station_online": (tell_staff("station_online"),),
    "station_battery_low": (tell_staff("low_battery"),),
    "station_alarm": (tell_staff("station_fault"),),  # overheat, tamper, slot_fault
    "template_failed": (tell_staff("template_broken"),),
    "payment_needs_review": (tell_staff("payment_needs_review"),),
    "exchange_rates_stale": (tell_staff("exchange_rates_stale"),),
    "station_issue_reported": (
        tell_staff("critical_issue", priority="critical", first=True),
        tell_user("station_issue_received", once_per="report_id"),
    ),
    "station_issue_resolved": (),
    "ops_alert_raised": tuple(
        tell_staff(kind, kind=kind) for kind in ("queue_backlog", "no_workers", "job_overdue", "dead_letters")
    ),
    "settlement_mismatch": (tell_staff("settlement_mismatch"),),
    "renting_blocked": (),
    "payment_refunded": (),
    "topup_refunded": (),
    "topup_charged_back": (),
    "chargeback_reversed": (),
    "refund_needs_attention": (tell_staff("refund_stuck"),),
    "achievement_unlocked": (tell_user("achievement_unlocked", once_per="achievement_id"),),
    "points_earned": (rewards.COUNT_POINTS, tell_user("points_earned")),
    "points_expiring": (tell_user("points_expiring"),),
    "points_reversed": (rewards.COUNT_REVERSAL,),
    "referral_noted": (rewards.REWARD_REFERRAL,),
    "referral_success": (rewards.COUNT_REFERRAL, tell_user("referral_success", once_per="invitee_id")),
    "ops_alert_cleared": (),
    "job_died": (),
}

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("stranded-job-redelivery", REDELIVER, "* * * * *", "UTC"),
    Schedule("queue-monitor", MONITOR, "* * * * *", "UTC"),
    Schedule("offline-stations", CHECK_OFFLINE_STATIONS, "* * * * *", "UTC"),
    Schedule("seal-ledger-sums", SEAL_LEDGER_SUMS, "*/10 * * * *", "UTC"),
    Schedule("ledger-reconciliation", RECONCILE_LEDGER, "0 2 * * *"),
    *rewards.SCHEDULES,
    Schedule("pending-payments-poll", POLL_PENDING_PAYMENTS, "*/5 * * * *", "UTC"),
    Schedule("exchange-rates", UPDATE_EXCHANGE_RATES, "0 0 * * *", "UTC"),
    Schedule("exchange-rates-check", CHECK_EXCHANGE_RATES, "0 9 * * *"),
    Schedule("critical-credit", ALERT_CRITICAL_CREDIT, "0 */4 * * *"),
    Schedule("low-credit", ALERT_LOW_CREDIT, "0 6 * * *"),
    Schedule("high-usage", ALERT_HIGH_USAGE, "0 7 * * *"),
    Schedule("dues-reminder", REMIND_OF_DUES, "30 10 * * *"),
    Schedule("dues-grace", BLOCK_FOR_DUES, "0 * * * *"),
    Schedule("settlement-comparison", COMPARE_SETTLEMENTS, "30 2 * * *"),
    Schedule("prune-payments", PRUNE_PAYMENTS, "25 3 * * *"),
    Schedule("prune-jobs", PRUNE_JOBS, "0 3 * * *"),
    Schedule("prune-sign-ins", PRUNE_SIGN_INS, "5 3 * * *"),
    Schedule("delete-old-documents", DELETE_OLD_DOCUMENTS, "15 3 * * *"),
    Schedule("prune-operations", PRUNE_OPERATIONS, "20 3 * * *"),
    *notices.SCHEDULES,
    *rentals.SCHEDULES,
    Schedule("prune-station-reports", PRUNE_STATION_REPORTS, "20 3 * * *"),
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
