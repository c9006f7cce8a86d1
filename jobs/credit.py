from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import utcnow
from powerbank.payments.credit_alerts import services as credit
from powerbank.payments.credit_alerts.services import Alert
from powerbank.payments.dues import services as dues_collection


def alert_low_credit(run: StepwiseRun) -> None:
    credit.sweep(Alert.LOW, now=utcnow())


def alert_critical_credit(run: StepwiseRun) -> None:
    credit.sweep(Alert.CRITICAL, now=utcnow())


def alert_high_usage(run: StepwiseRun) -> None:
    credit.sweep_usage(now=utcnow())


def remind_of_dues(run: StepwiseRun) -> None:
    dues_collection.remind(now=utcnow())


def collect_late_dues(run: StepwiseRun) -> None:
    dues_collection.tell_who_is_late(now=utcnow())
    dues_collection.collect_from_all(now=utcnow())


def collect_late_dues_of(*, user_id: str) -> None:
    dues_collection.collect_late(UUID(user_id), now=utcnow())
