"""Describe a job: its queue, retries, expiry, alarm and uniqueness. The jobs are in `outbox/catalogue/`."""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

# Seconds.
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Queue(StrEnum):
    """The queues, in the order in which a worker drains them."""

    CRITICAL = "critical"
    PAYMENTS = "payments"
    IOT = "iot"
    NOTIFICATIONS = "notifications"
    DEFAULT = "default"
    ANALYTICS = "analytics"
    CLEANUP = "cleanup"


# A queue has two lanes on the wire, each with a name that RQ knows as a queue: its own, and one for those of its jobs
# that call a vendor. A vendor may hang, and nobody who needs none shall wait behind that.
VENDORS = "-vendors"
# Somebody in front of a station waits for the jobs of these queues.
AT_A_STATION = (Queue.CRITICAL, Queue.PAYMENTS, Queue.IOT)


def lanes(queues: Iterable[Queue], *, plain: bool = True, vendors: bool = True) -> list[str]:
    """List the lanes of these queues in the order in which a worker drains them.

    Jobs for which somebody at a station waits come before any call of a vendor, so a worker never makes two such calls
    while a rental waits for it.
    """
    wanted = set(queues)
    first = [queue.value for queue in Queue if plain and queue in AT_A_STATION and queue in wanted]
    rest = []
    for queue in (queue for queue in Queue if queue in wanted):
        rest += [queue.value] if plain and queue not in AT_A_STATION else []
        rest += [queue + VENDORS] if vendors else []
    return first + rest


# The seconds that a job of the queue may run.
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


class Unique(StrEnum):
    """The effect of a second `enqueue` of the same job with the same arguments."""

    NO = "no"  # makes a second job
    WHILE_OPEN = "while open"  # nothing, until the first has ended
    ONCE = "once"  # nothing, as long as the first is remembered (KEEP_DONE_DAYS)


KEEP_DONE_DAYS = 7
KEEP_DEAD_DAYS = 90


@dataclass(frozen=True)
class Retries:
    """How often a job that fails is tried again; made by `retry_after` and `retry_until_done`."""

    delays: tuple[int, ...] = ()  # seconds to wait before each further try
    until_done: bool = False  # after the last of them it is repeated, doubled each time up to an hour

    def delay(self, failures: int) -> int | None:
        """Give the seconds until the next try after so many failures, or None when there is no next try."""
        if failures <= len(self.delays):
            return self.delays[failures - 1]
        if not self.until_done:
            return None
        beyond = min(failures - len(self.delays), 12)
        return int(min(3600, self.delays[-1] * 2**beyond))


NO_RETRIES = Retries()


def retry_after(*seconds: int) -> Retries:
    """Try a failed job again after each of these delays; then it is dead."""
    return Retries(seconds)


def retry_until_done(*seconds: int) -> Retries:
    """Try a failed job again after each of these delays, and then at least every hour until it succeeds."""
    return Retries(seconds, until_done=True)


@dataclass(frozen=True)
class JobSpec:
    name: str
    _: KW_ONLY
    body: str  # dotted path of the function
    queue: Queue
    retries: Retries = NO_RETRIES
    expires: int | None = None  # not begun within so many seconds: dead, never run late
    missed_when_late: bool = False  # nobody has to decide about one that expired
    alarm: int | None = None  # still open after so many seconds: staff are alerted
    time_limit: int | None = None  # the queue's, unless set
    durable: bool = True  # False: may be lost, skips the outbox
    vendor: bool = False  # calls somebody outside, who may hang: it waits on its queue's lane for such jobs
    stepwise: bool = False  # has transactions of its own (calls a vendor, works in batches), see jobs.worker.runtime
    unique: Unique = Unique.NO
    on_dead: str | None = None  # job that resolves what this one guarded; it gets the same arguments
    result_ttl: int = 600  # seconds that Redis shows a finished job
    failure_ttl: int = 7 * 86400  # seconds that Redis shows a dead one

    @property
    def lane(self) -> str:
        """Name the lane in which its messages wait."""
        return self.queue + VENDORS if self.vendor else self.queue.value

    @property
    def limit(self) -> int:
        return self.time_limit or TIME_LIMITS[self.queue]


@dataclass(frozen=True)
class Schedule:
    name: str
    _: KW_ONLY
    job: JobSpec
    cron: str
    timezone: str = "Asia/Kathmandu"
    arguments: dict[str, Any] = field(default_factory=dict)
    catch_up: bool = False  # run each slot missed while no scheduler was up, not only the newest
    pass_slot: bool = False  # the job wants `slot`, the time it stands for
    at_once: bool = False  # a new network does not wait for the first slot
