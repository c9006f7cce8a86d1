"""The jobs that warn people of a low balance and of high spending."""

from datetime import datetime

from jobs.batches import work_in_batches
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.payments.credit_alerts import services as credit_alerts
from powerbank.payments.credit_alerts.services import BATCH, Alert


def alert_low_credit(run: StepwiseRun) -> None:
    alert_low_balances(Alert.LOW, now=utcnow())


def alert_critical_credit(run: StepwiseRun) -> None:
    alert_low_balances(Alert.CRITICAL, now=utcnow())


def alert_high_usage(run: StepwiseRun) -> None:
    alert_unusual_spending(now=utcnow())


def alert_low_balances(alert: Alert, *, now: datetime) -> int:
    """Alert everybody whose balance is low. Return how many people were found."""
    return work_in_batches(
        lambda after: credit_alerts.people_with_low_balance(alert, after=after, now=now),
        lambda people: credit_alerts.alert_people_with_low_balance(alert, people, now=now),
    )


def alert_unusual_spending(*, now: datetime) -> int:
    """Alert everybody who spent far more yesterday than on a usual day. Return how many people were found."""
    found = credit_alerts.find_unusual_spending(now=now)
    db.session.rollback()  # the snapshot of the search ends before the work begins
    for begin in range(0, len(found), BATCH):
        with transaction():
            credit_alerts.alert_of_unusual_spending(found[begin : begin + BATCH], now=now)
    return len(found)
