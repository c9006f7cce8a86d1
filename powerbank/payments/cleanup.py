"""The end of records of payments that are kept for a while only. Money itself is never forgotten."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select

from powerbank.base.db import open_session
from powerbank.payments.credit_alerts.models import CreditAlert
from powerbank.payments.models import EventState, GatewayEvent
from powerbank.payments.review.models import Outcome, SettlementCheck, SettlementComparison

# Raw events hold data of payers. An unsigned event is worth less, and anybody can have us keep it: it goes in days.
KEEP_SIGNED = {
    EventState.PROCESSED: timedelta(days=180),
    EventState.IGNORED: timedelta(days=90),
    EventState.WAITING: timedelta(days=180),
}
KEEP_UNSIGNED = {
    EventState.RECEIVED: timedelta(days=14),
    EventState.PROCESSED: timedelta(days=14),
    EventState.WAITING: timedelta(days=7),
    EventState.IGNORED: timedelta(days=3),
    EventState.FORGED: timedelta(days=3),
}
KEEP_COMPARISONS = timedelta(days=14)  # for payments that agreed; those that differ stay
KEEP_ALERTS = timedelta(days=60)
BATCH = 5000


def delete_old_events(*, now: datetime) -> int:
    """Delete the next webhooks of each state whose time is over. How many there were comes back."""
    deleted = 0
    for signed, kept_by_state in ((True, KEEP_SIGNED), (False, KEEP_UNSIGNED)):
        by_whom = GatewayEvent.event_id.is_not(None) if signed else GatewayEvent.event_id.is_(None)
        for state, kept in kept_by_state.items():
            old = select(GatewayEvent.id).where(
                by_whom, GatewayEvent.state == state, GatewayEvent.received_at < now - kept
            )
            statement = delete(GatewayEvent).where(GatewayEvent.id.in_(old.limit(BATCH)))
            deleted += cast(CursorResult[Any], open_session().execute(statement)).rowcount
    return deleted


def delete_old_comparisons(*, now: datetime) -> None:
    old_checks = select(SettlementCheck.id).where(SettlementCheck.finished_at < now - KEEP_COMPARISONS)
    open_session().execute(
        delete(SettlementComparison).where(
            SettlementComparison.check_id.in_(old_checks), SettlementComparison.outcome != Outcome.DIFFERS
        )
    )


def delete_old_alerts(*, now: datetime) -> None:
    open_session().execute(delete(CreditAlert).where(CreditAlert.created_at < now - KEEP_ALERTS))
