"""The night's comparison with the gateways: each payment of late, as they have it now, beside what we booked.

What a gateway was paid and we never heard of is settled by the way, and told all the same: somebody should know why.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.db import db, open_session, transaction
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import GONE_BACK, Payment, State
from powerbank.ledger.wallet_models import TransactionStatus, WalletTransaction
from powerbank.payments import gateways, settlement
from powerbank.payments.comparison_models import SettlementCheck
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.refund_models import Refund, RefundStatus
from powerbank.payments.takeback_models import Takeback, TakebackState
from powerbank.queue import publish

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(days=3)  # refunds and late payments of the days before are seen too
BATCH = 200
KEEP = 50  # differences told in full
NO_PAYMENT = frozenset({IntentStatus.PENDING, IntentStatus.REVIEW})  # nothing to compare, or with staff already
BOOKED = (TransactionStatus.SUCCESS, TransactionStatus.REFUNDED)


@dataclass
class Report:
    id: UUID
    checked: int = 0
    unanswered: int = 0
    differences: int = 0
    found: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    what: str
    intent_id: str
    gateway: str
    ours: str
    theirs: str


def compare(check_id: UUID, *, now: datetime) -> Report:
    """Asks for each payment outside any transaction. A gateway that does not answer is counted, and asked tomorrow."""
    since = now - LOOK_BACK
    with transaction() as session:
        row = {"id": check_id, "started_at": now, "since": since}
        session.execute(insert(SettlementCheck).values(row).on_conflict_do_nothing())
    report = Report(check_id)
    for intent_id in _recent(since):
        try:
            difference = _difference(intent_id)
        except (VendorError, VendorRefusedError, gateways.UnknownGatewayError) as away:
            db.session.rollback()
            report.unanswered += 1
            log.warning("payment not compared", intent_id=str(intent_id), error=str(away))
            continue
        report.checked += 1
        if difference is not None:
            report.differences += 1
            if len(report.found) < KEEP:
                report.found.append(asdict(difference))
    return report


def keep(report: Report, *, now: datetime) -> None:
    values = asdict(report) | {"finished_at": now}
    open_session().execute(update(SettlementCheck).where(SettlementCheck.id == report.id).values(values))
    if report.differences:
        log.error("gateways and books differ", differences=report.differences, first=report.found[0])
        publish(
            "settlement_mismatch", check_id=str(report.id), differences=report.differences,
            what=report.found[0]["what"], intent_id=report.found[0]["intent_id"],
        )  # fmt: skip


def _recent(since: datetime) -> Iterator[UUID]:
    """What was begun or settled since then and the gateway knows of, in batches that hold no snapshot."""
    after = UUID(int=0)
    while True:
        query = (
            select(PaymentIntent.id)
            .where(
                or_(PaymentIntent.created_at >= since, PaymentIntent.settled_at >= since),
                PaymentIntent.reference.is_not(None),
                PaymentIntent.id > after,
            )
            .order_by(PaymentIntent.id)
            .limit(BATCH)
        )
        found = db.session.scalars(query).all()
        db.session.rollback()
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1]


def _difference(intent_id: UUID) -> Difference | None:
    payment = settlement.look_up(intent_id)
    intent = db.session.get_one(PaymentIntent, intent_id, populate_existing=True)
    ours, theirs = _words(intent, payment) if payment else ("", "")
    what = None
    if payment is None or intent.status in NO_PAYMENT or intent.resolved_at is not None:
        pass
    elif intent.status == IntentStatus.SUCCESS:
        what = _of_credited(intent, payment)
    elif payment.state in (State.PAID, State.PARTLY_REFUNDED):
        what = "paid_not_credited"
    gateway = intent.gateway
    db.session.rollback()
    if what is None:
        return None
    if what == "paid_not_credited":
        settlement.settle(intent_id, actor="comparison")
    return Difference(what, str(intent_id), gateway, ours, theirs)


def _of_credited(intent: PaymentIntent, payment: Payment) -> str | None:
    booked = db.session.get_one(WalletTransaction, intent.transaction_id)
    if booked.status not in BOOKED or booked.wallet != intent.amount:
        return "not_booked"
    if payment.state not in (State.PAID, *GONE_BACK):
        return "not_paid_there"
    if payment.payment_id != intent.payment_id:
        return "another_payment"
    if (payment.amount, payment.currency) != (intent.charged, intent.currency):
        return "amount_differs"
    return None if _refunds_agree(intent, payment) else "refunds_differ"


def _refunds_agree(intent: PaymentIntent, payment: Payment) -> bool:
    """Those of ours that the gateway has not answered yet may be there or not. Some gateways say only that something
    went back, not how much. A dispute is no refund."""
    taken = select(func.coalesce(func.sum(Takeback.claimed), 0)).where(
        Takeback.intent_id == intent.id, Takeback.kind == "refund", Takeback.state != TakebackState.GIVEN_BACK
    )
    least = _refunded(intent, RefundStatus.COMPLETED) + int(db.session.scalar(taken) or 0)
    most = least + _refunded(intent, RefundStatus.PROCESSING)
    if payment.refunded is not None:
        return least <= payment.refunded <= most
    if payment.state is State.REFUNDED:
        return most >= intent.charged
    if payment.state is State.PARTLY_REFUNDED:
        return most > 0 and least < intent.charged
    return least == 0


def _refunded(intent: PaymentIntent, status: RefundStatus) -> int:
    query = select(func.coalesce(func.sum(Refund.returned), 0))
    return int(db.session.scalar(query.where(Refund.intent_id == intent.id, Refund.status == status)) or 0)


def _words(intent: PaymentIntent, payment: Payment) -> tuple[str, str]:
    back = f", {payment.refunded} back" if payment.refunded else ""
    return (
        f"{intent.status}: {intent.charged} {intent.currency}",
        f"{payment.state.value}: {payment.amount} {payment.currency}{back}",
    )
