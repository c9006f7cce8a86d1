"""The jobs that remind people of what they owe, and collect it."""

from datetime import datetime
from uuid import UUID

from jobs.batches import repeat_until_none, work_in_batches, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import utcnow
from powerbank.payments.dues import services as dues_collection


def remind_of_dues(run: StepwiseRun) -> None:
    remind_everybody(now=utcnow())


def collect_late_dues(run: StepwiseRun) -> None:
    announce_late_dues(now=utcnow())
    collect_from_everybody(now=utcnow())


def collect_late_dues_of(*, user_id: str) -> None:
    dues_collection.collect_late_dues(UUID(user_id), now=utcnow())


def remind_everybody(*, now: datetime) -> int:
    """Remind everybody who owes something. Return how many people owe."""
    return work_in_batches(
        lambda after: dues_collection.people_who_owe(after=after),
        lambda people: dues_collection.remind_people(people, now=now),
    )


def announce_late_dues(*, now: datetime) -> int:
    """Tell everybody once whose due is collected from now on. Return how many dues there were."""
    return repeat_until_none(lambda: dues_collection.announce_late_dues(now=now))


def collect_from_everybody(*, now: datetime) -> int:
    """Collect the late dues of everybody with something in the wallet. Return how many people there were."""
    return work_one_by_one(
        lambda after: dues_collection.people_with_late_dues(after=after, now=now),
        lambda user_id: dues_collection.collect_late_dues(user_id, now=now),
    )
