from uuid import UUID

from jobs.stepwise import StepwiseRun
from powerbank.db import utcnow
from powerbank.payments import collecting, credit
from powerbank.payments.credit import Alert


def alert_low_credit(run: StepwiseRun) -> None:
    credit.sweep(Alert.LOW, now=utcnow())


def alert_critical_credit(run: StepwiseRun) -> None:
    credit.sweep(Alert.CRITICAL, now=utcnow())


def alert_high_usage(run: StepwiseRun) -> None:
    credit.sweep_usage(now=utcnow())


def remind_of_dues(run: StepwiseRun) -> None:
    collecting.remind(now=utcnow())


def collect_late_dues(run: StepwiseRun) -> None:
    collecting.tell_who_is_late(now=utcnow())
    collecting.collect_from_all(now=utcnow())


def collect_late_dues_of(*, user_id: str) -> None:
    collecting.collect_late(UUID(user_id), now=utcnow())
