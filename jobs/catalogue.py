"""Every job, every subscription and the whole schedule, as data. Imports nothing of ours but the words for it.

A job is known by its name. What is not in this file or its parts (`catalogue_of_*.py`, whose names are this file's too)
cannot be enqueued and is refused by every worker.
"""

from collections.abc import Iterator

from jobs.catalogue_of_money import *
from jobs.catalogue_of_notices import *
from jobs.catalogue_of_rentals import *
from jobs.catalogue_of_rewards import *
from jobs.catalogue_of_stations import *
from jobs.policy import JobSpec, Queue, Reaction, Retries, Schedule, Unique, lanes

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
    vendor=True,
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
    vendor=True,
)
DELETE_DOCUMENTS = JobSpec(
    "delete_documents",
    "jobs.kyc.delete_documents",
    Queue.CLEANUP,
    Retries((300, 1800), until_done=True),
    alarm=86400,
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
DELETE_OLD_DOCUMENTS = JobSpec(
    "delete_old_documents", "jobs.kyc.delete_old_documents", Queue.CLEANUP, Retries((300, 1800))
)

# ── Administration ───────────────────────────────────────────────────────────────────────────────────
ADMIN_USER_ACTION = JobSpec("admin_user_action", "jobs.admin.admin_user_action", Queue.DEFAULT, Retries((60, 60)))

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
SUBSCRIPTIONS: dict[str, tuple[JobSpec | Reaction, ...]] = {
    "content_published": (),
    "kyc_submitted": (tell_staff("kyc_to_review"),),
    "kyc_approved": (REWARD_KYC,),
    "kyc_rejected": (),
    "account_status_changed": (),
    "user_registered": (POST_REGISTRATION, PROCESS_REFERRAL),
    "user_deleted": (),
    "ledger_mismatch": (tell_staff("ledger_mismatch"),),
    "payment_ready": (tell_user("payment_ready", once_per="intent_id"),),
    "adjustment_applied": (
        tell_user("balance_added", once_per="adjustment_id", currency="NPR", added=True),
        tell_user("balance_taken", once_per="adjustment_id", currency="NPR", added=False),
        tell_user("points_added", once_per="adjustment_id", currency="PTS", added=True),
        tell_user("points_taken", once_per="adjustment_id", currency="PTS", added=False),
    ),
    # What waits for somebody's approval.
    "adjustment_waits": (
        tell_staff("adjustment_to_approve", currency="NPR"),
        tell_staff("points_to_approve", currency="PTS"),
    ),
    "coupon_waits": (tell_staff("coupon_to_approve"),),  # one that gives points
    "act_waits": (tell_staff("act_to_approve"),),  # of staff: a charge, a refund of a rental, a waiver
    "award_waits": (tell_staff("award_to_approve"),),
    "refund_waits": (tell_staff("refund_to_approve"),),
    "topup_succeeded": (REWARD_TOPUP,),
    "topup_failed": (),
    "station_command_settled": (SETTLE_EJECTION,),  # command_id, status; again when a late fact changes it
    "powerbank_returned": (PROCESS_RENTAL_RETURN,),
    "ejection_undone": (UNDO_EJECTION,),  # the bank that was said to be out never left its slot
    "return_self_tested": (FINISH_PROVISIONAL_RETURN,),
    # Of rentals, each with rental_id and user_id.
    "rental_started": (tell_user("rental_started", once_per="rental_id"),),
    "rental_paid": (tell_user("purchase_success", once_per="version"),),
    "rental_failed": (tell_user("rental_failed", once_per="rental_id"),),
    "rental_cancelled": (tell_user("rental_cancelled", once_per="rental_id"), REVERSE_RENTAL, UNCOUNT_RENTAL),
    "rental_extended": (tell_user("rental_extended", once_per="due_at"),),
    "rental_ending_soon": (tell_user("rental_ending_soon", once_per="due_at"),),
    "rental_overdue": (tell_user("rental_overdue", once_per="due_at"),),
    "rental_completed": (REWARD_RENTAL, COUNT_RENTAL),  # on_time, late
    "rental_settled": (tell_user("rental_completed", once_per="rental_id"),),
    "rental_lost": (tell_user("rental_lost", once_per="rental_id"),),
    "rental_refunded": (tell_user("refund_completed"),),
    "due_created": (tell_user("due_created"),),
    "case_decided": (  # by staff
        tell_user("case_upheld", once_per="case_id", upheld=True),
        tell_user("case_dismissed", once_per="case_id", upheld=False),
    ),
    "rental_disputed": (tell_staff("rental_disputed"),),
    "rental_came_late": (tell_staff("rental_came_late"),),
    "paid_not_ejected": (tell_staff("paid_not_ejected"),),
    "unmatched_return": (tell_staff("unmatched_return"),),
    "anomaly_found": (tell_staff("anomaly"),),
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
        tell_staff("station_issue", priority="normal", first=True),
        tell_user("station_issue_received", once_per="report_id"),
    ),
    "station_issue_resolved": (),
    "ops_alert_raised": (
        *(tell_staff(kind, kind=kind) for kind in ("queue_backlog", "no_workers", "job_overdue", "dead_letters")),
        *(tell_staff("no_workers", kind=kind) for kind in ("no_daemon", "no_scheduler", "schedule_late")),
        tell_staff("clock_wrong", kind="clock_wrong"),
    ),
    "settlement_mismatch": (tell_staff("settlement_mismatch"),),
    "payment_refunded": (),
    "topup_refunded": (),
    "topup_charged_back": (),
    "chargeback_reversed": (tell_user("topup_given_back"),),
    "refund_needs_attention": (tell_staff("refund_stuck"),),
    "achievement_unlocked": (tell_user("achievement_unlocked", once_per="achievement_id"),),
    "points_earned": (COUNT_POINTS, tell_user("points_earned")),
    "points_expiring": (tell_user("points_expiring"),),
    "points_reversed": (COUNT_REVERSAL, tell_user("points_reversed")),
    "referral_noted": (REWARD_REFERRAL,),
    "referral_success": (COUNT_REFERRAL, tell_user("referral_success", once_per="invitee_id")),
    "ops_alert_cleared": (),
    "job_died": (),
}

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("stranded-job-redelivery", REDELIVER, "* * * * *", "UTC"),
    Schedule("queue-monitor", MONITOR, "* * * * *", "UTC"),
    *STATION_SCHEDULES,
    *RENTAL_SCHEDULES,
    *MONEY_SCHEDULES,
    *REWARD_SCHEDULES,
    *NOTICE_SCHEDULES,
    Schedule("prune-jobs", PRUNE_JOBS, "0 3 * * *"),
    Schedule("prune-sign-ins", PRUNE_SIGN_INS, "5 3 * * *"),
    Schedule("prune-idempotency-keys", PRUNE_IDEMPOTENCY_KEYS, "10 3 * * *"),
    Schedule("delete-old-documents", DELETE_OLD_DOCUMENTS, "15 3 * * *"),
)

SCHEDULED: frozenset[str] = frozenset(entry.job.name for entry in SCHEDULES)

_by_name: dict[str, JobSpec] = {spec.name: spec for spec in JOBS}


def lanes_in_use() -> list[str]:
    """Those that some worker has to serve."""
    used = {spec.lane for spec in JOBS} | {queue.value for queue in Queue}
    return [lane for lane in lanes(Queue) if lane in used]


def find(name: str) -> JobSpec | None:
    return _by_name.get(name)


def register(*specs: JobSpec) -> None:
    """Adds jobs of tests and benchmarks. The product's own stand above."""
    _by_name.update({spec.name: spec for spec in specs})


def all_jobs() -> Iterator[JobSpec]:
    yield from _by_name.values()
