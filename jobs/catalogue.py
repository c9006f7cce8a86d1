"""Every job, every subscription and the whole schedule, as data. Imports nothing of ours.

A job is known by its name. What is not in this file cannot be enqueued and is refused by every worker.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Queue(StrEnum):
    """In the order in which a worker drains them."""

    CRITICAL = "critical"
    PAYMENTS = "payments"
    IOT = "iot"
    NOTIFICATIONS = "notifications"
    DEFAULT = "default"
    ANALYTICS = "analytics"
    CLEANUP = "cleanup"


# Seconds a job of the queue may run.
TIME_LIMITS = MappingProxyType(
    {
        Queue.CRITICAL: 300,
        Queue.PAYMENTS: 600,
        Queue.IOT: 120,
        Queue.NOTIFICATIONS: 180,
        Queue.DEFAULT: 3600,
        Queue.ANALYTICS: 7200,
        Queue.CLEANUP: 3600,
    }
)

# Jobs waiting in a queue beyond which staff are alerted.
BACKLOG_ALARMS = MappingProxyType({Queue.CRITICAL: 100, Queue.PAYMENTS: 50})


class Unique(StrEnum):
    """What a second `enqueue` of the same job with the same arguments does."""

    NO = "no"  # makes a second job
    WHILE_OPEN = "while open"  # nothing, until the first has ended
    ONCE = "once"  # nothing, as long as the first is remembered (KEEP_DONE_DAYS)


KEEP_DONE_DAYS = 7
KEEP_DEAD_DAYS = 90


@dataclass(frozen=True)
class Retries:
    """Seconds to wait before each further try. `until_done` repeats the last delay, doubled up to an hour."""

    delays: tuple[int, ...] = ()
    until_done: bool = False

    def delay(self, failures: int) -> int | None:
        """Seconds until the next try after the `failures`-th failure, or None when there is none."""
        if failures <= len(self.delays):
            return self.delays[failures - 1]
        if not self.until_done:
            return None
        beyond = min(failures - len(self.delays), 12)
        return int(min(3600, self.delays[-1] * 2**beyond))


@dataclass(frozen=True)
class JobSpec:
    name: str
    body: str  # dotted path of the function
    queue: Queue
    retries: Retries = Retries()
    expires: int | None = None  # not begun within so many seconds: dead, never run late
    alarm: int | None = None  # still open after so many seconds: staff are alerted
    time_limit: int | None = None  # the queue's, unless set
    durable: bool = True  # False: may be lost, skips the outbox
    stepwise: bool = False  # has transactions of its own (calls a vendor, works in batches), see jobs.runtime
    unique: Unique = Unique.NO
    on_dead: str | None = None  # job that resolves what this one guarded; it gets the same arguments
    result_ttl: int = 3600  # seconds that Redis shows a finished job
    failure_ttl: int = 7 * 86400  # seconds that Redis shows a dead one

    @property
    def limit(self) -> int:
        return self.time_limit or TIME_LIMITS[self.queue]


@dataclass(frozen=True)
class Schedule:
    name: str
    job: JobSpec
    cron: str
    timezone: str = "Asia/Kathmandu"
    arguments: dict[str, Any] = field(default_factory=dict)
    catch_up: bool = False  # run each slot missed while no scheduler was up, not only the newest
    pass_slot: bool = False  # the job wants `slot`, the time it stands for


# ── Content ──────────────────────────────────────────────────────────────────────────────────────────
PUBLISH_CONTENT = JobSpec(
    "publish_content",
    "jobs.content.publish_content",
    Queue.DEFAULT,
    Retries((60, 300), until_done=True),
    alarm=3600,
)

# ── Identity ─────────────────────────────────────────────────────────────────────────────────────────
SEND_OTP = JobSpec("send_otp", "jobs.auth.send_otp", Queue.CRITICAL, Retries((5, 30, 60)), expires=300, stepwise=True)
PRUNE_SIGN_INS = JobSpec("prune_sign_ins", "jobs.auth.prune_sign_ins", Queue.CLEANUP, Retries((300, 1800)))

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
    PRUNE_SIGN_INS,
    TICK,
    REDELIVER,
    MONITOR,
    PRUNE_JOBS,
    PRUNE_IDEMPOTENCY_KEYS,
)

# What follows from what: `publish("event", …)` enqueues each job named here with the event's fields.
SUBSCRIPTIONS: dict[str, tuple[JobSpec, ...]] = {
    "content_published": (),
    "user_registered": (),
    "ops_alert_raised": (),
    "ops_alert_cleared": (),
    "job_died": (),
}

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("stranded-job-redelivery", REDELIVER, "* * * * *", "UTC"),
    Schedule("queue-monitor", MONITOR, "* * * * *", "UTC"),
    Schedule("prune-jobs", PRUNE_JOBS, "0 3 * * *"),
    Schedule("prune-sign-ins", PRUNE_SIGN_INS, "5 3 * * *"),
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
