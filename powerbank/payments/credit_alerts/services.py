"""Telling people that their money runs low, or that they spent much: once for each of them and each window of time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, first_id_of, open_session, transaction, utcnow
from powerbank.base.local_time import HOME
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
from powerbank.outbox.enqueue import publish
from powerbank.payments.credit_alerts.models import CreditAlert
from powerbank.payments.events import BalanceLow, UsageHigh

BATCH = 500
LOOK_BACK = timedelta(days=30)
LEAST_DAYS = 5  # of spending, before anything is unusual
CRITICAL_HOURS = 4

# By the unique index of the accounts, which no change of a balance touches.
_LOW = text("""
    SELECT a.owner, a.balance
      FROM ledger_accounts a
      JOIN users u ON u.id = CAST(a.owner AS uuid)
     WHERE a.kind = 'user_wallet' AND a.owner > :after AND a.balance < :below AND u.status = 'active'
       AND EXISTS (SELECT 1 FROM wallet_transactions t WHERE t.user_id = u.id AND t.entry_id IS NOT NULL)
     ORDER BY a.owner LIMIT :size
""")
# Ids are times too: the primary key finds where the month begins.
_UNUSUAL = text("""
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
     ORDER BY user_id
""")


class Alert(StrEnum):
    LOW = "low_credit"
    CRITICAL = "critical_credit"
    HIGH_USAGE = "high_usage"


def alert_after_debit(user_id: UUID, balance: int) -> None:
    """In the transaction that took the money, so that nobody is told of what did not happen."""
    rules, now = app_config.current(), utcnow()
    if balance < critical_threshold(rules):
        _tell_of_balance(Alert.CRITICAL, user_id, balance, now)
    elif balance < rules.low_balance_threshold:
        _tell_of_balance(Alert.LOW, user_id, balance, now)


def sweep(alert: Alert, *, now: datetime) -> int:
    """Everybody whose balance is low, a batch in each transaction. How many were told comes back."""
    rules = app_config.current()
    below = critical_threshold(rules) if alert is Alert.CRITICAL else rules.low_balance_threshold
    told, after = 0, ""
    while True:
        with transaction() as session:
            found = session.execute(_LOW, {"after": after, "below": below, "size": BATCH}).all()
            told += sum(_tell_of_balance(alert, UUID(row.owner), row.balance, now) for row in found)
        if len(found) < BATCH:
            return told
        after = found[-1].owner


def sweep_usage(*, now: datetime) -> int:
    """Everybody who spent far more yesterday than on a usual day of theirs."""
    told = 0
    for batch in _batches(_unusual(now)):
        with transaction():
            told += sum(_tell_of_usage(row, now) for row in batch)
    return told


def critical_threshold(rules: AppConfig) -> int:
    return rules.low_balance_threshold * rules.critical_balance_percent // 100


def alert_window(alert: Alert, now: datetime) -> str:
    local = now.astimezone(HOME)
    part = f"T{local.hour // CRITICAL_HOURS}" if alert is Alert.CRITICAL else ""
    return f"{local.date().isoformat()}{part}"


def _tell_of_balance(alert: Alert, user_id: UUID, balance: int, now: datetime) -> bool:
    if not _first(alert, user_id, now):
        return False
    publish(BalanceLow(user_id=user_id, balance=balance, critical=alert is Alert.CRITICAL))
    return True


def _tell_of_usage(row: Any, now: datetime) -> bool:
    if not _first(Alert.HIGH_USAGE, row.user_id, now):
        return False
    publish(UsageHigh(user_id=row.user_id, spend=int(row.spent), average=int(row.average)))
    return True


def _first(alert: Alert, user_id: UUID, now: datetime) -> bool:
    """Two at once, a debit and a sweep: the row lets one through."""
    row = {"user_id": user_id, "kind": alert.value, "window": alert_window(alert, now)}
    made = insert(CreditAlert).values(row).on_conflict_do_nothing().returning(CreditAlert.user_id)
    return open_session().execute(made).one_or_none() is not None


def _unusual(now: datetime) -> list[Any]:
    today = now.astimezone(HOME).replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = today - timedelta(days=1)
    since = yesterday - LOOK_BACK
    parameters = {
        "zone": HOME.key,
        "day": yesterday.date(),
        "since": since,
        "until": today,
        "least": LEAST_DAYS,
        "first": first_id_of(since, -timedelta(days=1)),
        "percent": app_config.current().high_usage_percent,
    }
    found = list(db.session.execute(_UNUSUAL, parameters))
    db.session.rollback()
    return found


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for begin in range(0, len(rows), BATCH):
        yield rows[begin : begin + BATCH]
