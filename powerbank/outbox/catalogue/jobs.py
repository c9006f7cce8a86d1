"""Every job and the whole schedule, as data. Imports nothing of ours but the words for it.

A job is known by its name. What is not in this file or its parts (`catalogue_of_*.py`, whose names are this file's too)
cannot be enqueued and is refused by every worker.
"""

from collections.abc import Iterator

from powerbank.outbox.catalogue.money import *
from powerbank.outbox.catalogue.notices import *
from powerbank.outbox.catalogue.rentals import *
from powerbank.outbox.catalogue.rewards import *
from powerbank.outbox.catalogue.stations import *
from powerbank.outbox.policy import JobSpec, Queue, Retries, Schedule, Unique, lanes

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
