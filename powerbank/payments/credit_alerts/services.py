"""Alerts to people whose money runs low, or who spent much more than usual: once for each person and window of time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import HOME
from powerbank.base.db import db, first_id_of, open_session, utcnow
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
from powerbank.outbox.enqueue import publish
from powerbank.payments.credit_alerts.models import CreditAlert
from powerbank.payments.events import BalanceLow, UsageHigh

BATCH = 500
LOOK_BACK = timedelta(days=30)
LEAST_DAYS = 5  # with spending, before a day can be called unusual
CRITICAL_HOURS = 4

# The unique index of the accounts leads to the next people. No change of a balance touches that index.
_PEOPLE_WITH_LOW_BALANCE = text("""
    SELECT u.id
      FROM ledger_accounts a
      JOIN users u ON u.id = CAST(a.owner AS uuid)
     WHERE a.kind = 'user_wallet' AND a.owner > CAST(:after AS text) AND a.balance < :below AND u.status = 'active'
       AND EXISTS (SELECT 1 FROM wallet_transactions t WHERE t.user_id = u.id AND t.entry_id IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM credit_alerts c WHERE c.user_id = u.id AND c.kind = :kind AND c."window" = :window)
     ORDER BY a.owner LIMIT :size
""")
_LOW_BALANCES = text("""
    SELECT owner, balance FROM ledger_accounts
     WHERE kind = 'user_wallet' AND owner = ANY(:owners) AND balance < :below ORDER BY owner
""")
# Identifiers begin with their time, so the primary key finds where the month begins.
_UNUSUAL_SPENDING = text("""
    WITH days AS (
        SELECT user_id, CAST(created_at AT TIME ZONE :zone AS date) AS day,
               sum(wallet + points_value - refunded_wallet - refunded_value) AS spent
          FROM wallet_transactions
         WHERE id >= :first AND created_at >= :since AND created_at < :until
           AND direction = 'out' AND type IN ('rental', 'rental_due', 'sale') AND status = 'success'
         GROUP BY 1, 2
    ), usual AS (
        SELECT user_id, avg(spent) AS average FROM days WHERE day < :day GROUP BY 1 HAVING count(*) >= :least)
    SELECT user_id, spent, average FROM days JOIN usual USING (user_id) JOIN users u ON u.id = user_id
     WHERE day = :day AND spent * 100 > average * (100 + :percent) AND u.status = 'active'
       AND NOT EXISTS (SELECT 1 FROM credit_alerts c
                        WHERE c.user_id = u.id AND c.kind = 'high_usage' AND c."window" = :window)
     ORDER BY user_id
""")


class Alert(StrEnum):
    LOW = "low_credit"
    CRITICAL = "critical_credit"
    HIGH_USAGE = "high_usage"


class UnusualSpending(NamedTuple):
    """What a person spent yesterday, and on an average day of the month before. Both are in paisa."""

    user_id: UUID
    spent: int
    average: int


def alert_after_debit(user_id: UUID, balance: int) -> None:
    """Alert a person in the transaction that took the money, so that nobody hears of what did not happen."""
    rules, now = app_config.current(), utcnow()
    if balance < critical_threshold(rules):
        _alert_of_balance(Alert.CRITICAL, user_id, balance, now)
    elif balance < rules.low_balance_threshold:
        _alert_of_balance(Alert.LOW, user_id, balance, now)


def people_with_low_balance(alert: Alert, *, after: UUID, now: datetime) -> list[UUID]:
    """List the next active people with a low balance who have not had this alert in its window yet."""
    parameters = {
        "after": str(after),
        "below": _threshold(alert),
        "kind": alert.value,
        "window": alert_window(alert, now),
        "size": BATCH,
    }
    return list(db.session.scalars(_PEOPLE_WITH_LOW_BALANCE, parameters))


def alert_people_with_low_balance(alert: Alert, people: Sequence[UUID], *, now: datetime) -> None:
    """Alert those of these people whose balance is still low."""
    parameters = {"owners": [str(user_id) for user_id in people], "below": _threshold(alert)}
    for row in open_session().execute(_LOW_BALANCES, parameters).all():
        _alert_of_balance(alert, UUID(row.owner), row.balance, now)


def find_unusual_spending(*, now: datetime) -> list[UnusualSpending]:
    """Find everybody who spent far more yesterday than on a usual day, and has not been told of it yet."""
    today = now.astimezone(HOME).replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = today - timedelta(days=1)
    since = yesterday - LOOK_BACK
    parameters = {
        "zone": HOME.key,
        "day": yesterday.date(),
        "since": since,
        "until": today,
        "least": LEAST_DAYS,
        "first": first_id_of(since - timedelta(days=1)),  # whoever made the identifier may have a wrong clock
        "percent": app_config.current().high_usage_percent,
        "window": alert_window(Alert.HIGH_USAGE, now),
    }
    rows = db.session.execute(_UNUSUAL_SPENDING, parameters)
    return [UnusualSpending(row.user_id, int(row.spent), int(row.average)) for row in rows]


def alert_of_unusual_spending(unusual: Sequence[UnusualSpending], *, now: datetime) -> None:
    for each in unusual:
        if _is_first_alert(Alert.HIGH_USAGE, each.user_id, now):
            publish(UsageHigh(user_id=each.user_id, spend=each.spent, average=each.average))


def critical_threshold(rules: AppConfig) -> int:
    return rules.low_balance_threshold * rules.critical_balance_percent // 100


def alert_window(alert: Alert, now: datetime) -> str:
    """Name the window of time in which a person gets an alert once: a day, or four hours if it is critical."""
    local = now.astimezone(HOME)
    part = f"T{local.hour // CRITICAL_HOURS}" if alert is Alert.CRITICAL else ""
    return f"{local.date().isoformat()}{part}"


def _threshold(alert: Alert) -> int:
    rules = app_config.current()
    return critical_threshold(rules) if alert is Alert.CRITICAL else rules.low_balance_threshold


def _alert_of_balance(alert: Alert, user_id: UUID, balance: int, now: datetime) -> None:
    if _is_first_alert(alert, user_id, now):
        publish(BalanceLow(user_id=user_id, balance=balance, critical=alert is Alert.CRITICAL))


def _is_first_alert(alert: Alert, user_id: UUID, now: datetime) -> bool:
    """Record the alert, and say whether it is the first in its window: a debit and a job may come at once."""
    row: dict[str, Any] = {"user_id": user_id, "kind": alert.value, "window": alert_window(alert, now)}
    made = insert(CreditAlert).values(row).on_conflict_do_nothing().returning(CreditAlert.user_id)
    return open_session().execute(made).one_or_none() is not None
