"""The jobs that warn people of a low balance and of high spending."""

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import utcnow
from powerbank.payments.credit_alerts import services as credit
from powerbank.payments.credit_alerts.services import Alert


def alert_low_credit(run: StepwiseRun) -> None:
    credit.sweep(Alert.LOW, now=utcnow())


def alert_critical_credit(run: StepwiseRun) -> None:
    credit.sweep(Alert.CRITICAL, now=utcnow())


def alert_high_usage(run: StepwiseRun) -> None:
    credit.sweep_usage(now=utcnow())
