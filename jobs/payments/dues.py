"""The jobs that remind people of what they owe, and collect it."""

from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import utcnow
from powerbank.payments.dues import services as dues_collection


def remind_of_dues(run: StepwiseRun) -> None:
    dues_collection.remind(now=utcnow())


def collect_late_dues(run: StepwiseRun) -> None:
    dues_collection.tell_who_is_late(now=utcnow())
    dues_collection.collect_from_all(now=utcnow())


def collect_late_dues_of(*, user_id: str) -> None:
    dues_collection.collect_late_dues(UUID(user_id), now=utcnow())
