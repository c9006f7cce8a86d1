"""The catalogue: every job and the whole schedule, as data. It imports nothing of ours but `policy`.

A job is known by its name. A job that stands in no part of the catalogue cannot be enqueued, and every worker refuses
it. Who enqueues a job takes it from its part: `enqueue(payment_jobs.CREATE_PAYMENT_URL, …)`.
"""

from collections.abc import Iterator

from powerbank.outbox.catalogue import (
    account_jobs,
    analytics_jobs,
    crew_jobs,
    notification_jobs,
    partner_jobs,
    payment_jobs,
    payout_jobs,
    rental_jobs,
    reward_jobs,
    station_jobs,
    support_jobs,
    system_jobs,
)
from powerbank.outbox.policy import JobSpec, Queue, Schedule, lanes

JOBS: tuple[JobSpec, ...] = (
    *system_jobs.JOBS,
    *analytics_jobs.JOBS,
    *account_jobs.JOBS,
    *payment_jobs.JOBS,
    *reward_jobs.JOBS,
    *station_jobs.JOBS,
    *rental_jobs.JOBS,
    *partner_jobs.JOBS,
    *support_jobs.JOBS,
    *payout_jobs.JOBS,
    *crew_jobs.JOBS,
    *notification_jobs.JOBS,
)

SCHEDULES: tuple[Schedule, ...] = (
    *system_jobs.SCHEDULES,
    *analytics_jobs.SCHEDULES,
    *account_jobs.SCHEDULES,
    *payment_jobs.SCHEDULES,
    *reward_jobs.SCHEDULES,
    *station_jobs.SCHEDULES,
    *rental_jobs.SCHEDULES,
    *partner_jobs.SCHEDULES,
    *support_jobs.SCHEDULES,
    *payout_jobs.SCHEDULES,
    *crew_jobs.SCHEDULES,
    *notification_jobs.SCHEDULES,
)

SCHEDULED: frozenset[str] = frozenset(entry.job.name for entry in SCHEDULES)

_by_name: dict[str, JobSpec] = {spec.name: spec for spec in JOBS}


def lanes_in_use() -> list[str]:
    """List the lanes that some worker has to serve."""
    used = {spec.lane for spec in JOBS} | {queue.value for queue in Queue}
    return [lane for lane in lanes(Queue) if lane in used]


def find(name: str) -> JobSpec | None:
    """Find a job by its name; None if no job is called so."""
    return _by_name.get(name)


def register(*specs: JobSpec) -> None:
    """Add jobs of tests and benchmarks. The product's own jobs stand in the parts."""
    _by_name.update({spec.name: spec for spec in specs})


def all_jobs() -> Iterator[JobSpec]:
    """Yield all jobs, those of tests and benchmarks too."""
    yield from _by_name.values()
