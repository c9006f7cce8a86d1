"""Money that a gateway took back by itself: disputes of payers, and refunds that somebody made in its portal.

What it took comes out of the wallet, and what is spent of it becomes a due. Events come late, twice and in any order,
so the gateway is asked how each stands now; a row for each keeps what was done about it.
"""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select

from powerbank.base.db import new_id, open_session
from powerbank.base.money import NPR
from powerbank.integrations.gateway import GatewayRefund, RefundState, Reversal, ReversalState
from powerbank.ledger import transactions
from powerbank.ledger.movements import refunds as ledger
from powerbank.ledger.movements import topups
from powerbank.ledger.wallet_models import Due, WalletTransaction
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.chargebacks.models import Takeback, TakebackState
from powerbank.payments.events import ChargebackOwed, ChargebackReversed, PaymentNeedsReview, TopupChargedBack
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.refunds import gateway_refunds, outcomes
from powerbank.payments.refunds import services as refunds
from powerbank.payments.refunds.models import Refund, RefundStatus
from powerbank.payments.topups import services as intents

log = structlog.get_logger(__name__)

ACTOR = "gateway"


class RefundOnItsWayError(Exception):
    """The gateway took more than our own refund leaves, and may refuse that one for it. Tried again until it has
    answered."""


def apply_reversal(intent_id: UUID, reversal: Reversal, *, now: datetime) -> str:
    """What was done about it, in a word."""
    intent = intents.lock_intent(intent_id)
    assert intent is not None  # noqa: S101 (intents are never deleted)
    if intent.status != IntentStatus.SUCCESS or reversal.payment_id != intent.payment_id:
        return "nothing was credited"
    ours = gateway_refunds.refund_id_in_key(reversal.key) if reversal.key else None
    if ours is not None and reversal.kind == "refund":
        return _of_ours(ours, reversal, now)
    known = open_session().scalar(
        select(Takeback).where(Takeback.gateway == intent.gateway, Takeback.gateway_id == reversal.id).with_for_update()
    )
    if reversal.state is ReversalState.TAKEN and known is None:
        return _take(intent, reversal, now)
    if reversal.state is ReversalState.GIVEN_BACK:
        return _give_back(intent, reversal, known, now)
    return "nothing new"


def _of_ours(refund_id: UUID, reversal: Reversal, now: datetime) -> str:
    """A refund that we made has a later word, which is asked for."""
    if reversal.state is ReversalState.GIVEN_BACK:
        outcomes.apply_answer(refund_id, GatewayRefund(RefundState.FAILED, reversal.id), actor=ACTOR, now=now)
        return "our refund failed"
    enqueue(payment_jobs.FOLLOW_REFUND, refund_id=str(refund_id))
    return "our refund"


def _take(intent: PaymentIntent, reversal: Reversal, now: datetime) -> str:
    topup = transactions.lock_transaction(intent.transaction_id)
    open_refund = _stop_open_refund(intent, now)
    left, topup_gone = ledger.refundable_part(topup), topup.refunded_wallet
    beyond = intent.charged * topup_gone // intent.amount + reversal.amount > intent.charged
    if beyond and open_refund is not None and open_refund.gateway_reference is None:
        raise RefundOnItsWayError(str(open_refund.id))
    amount = _paisa(intent, topup, reversal.amount, left.wallet if left else 0)
    row = Takeback(
        id=new_id(),
        intent_id=intent.id,
        gateway=intent.gateway,
        gateway_id=reversal.id,
        kind=reversal.kind,
        claimed=reversal.amount,
        amount=amount,
        state=TakebackState.TAKEN if amount else TakebackState.NOTHING,
    )
    if amount:
        done = topups.charge_back_topup(
            transaction_id=topup.id,
            gateway=intent.gateway,
            amount=amount,
            key=f"takeback:{row.id}",
            actor=ACTOR,
            currency=intent.currency,
            returned=_returned(intent, reversal.amount, amount),
        )
        row.chargeback_id = done.id
        _tell(intent.user_id, done)
    open_session().add(row)
    open_session().flush()
    if beyond:
        log.error("a gateway took back more than there was", intent_id=str(intent.id), takeback=reversal.id)
        publish(PaymentNeedsReview(intent_id=intent.id, reason="taken_back_beyond"))
    return row.state


def _give_back(intent: PaymentIntent, reversal: Reversal, known: Takeback | None, now: datetime) -> str:
    if known is None:
        # Kept although nothing was taken: who asked the gateway before this was decided may still come.
        kept = Takeback(
            id=new_id(),
            intent_id=intent.id,
            gateway=intent.gateway,
            gateway_id=reversal.id,
            kind=reversal.kind,
            claimed=reversal.amount,
            amount=0,
            state=TakebackState.GIVEN_BACK,
        )
        open_session().add(kept)
        return "nothing new"
    if known.state != TakebackState.TAKEN or known.chargeback_id is None:
        return "nothing new"
    topups.reverse_chargeback(
        chargeback_id=known.chargeback_id,
        gateway=intent.gateway,
        key=f"takeback:{known.id}:back",
        actor=ACTOR,
        currency=intent.currency,
        returned=_returned(intent, known.claimed, known.amount),
        now=now,
    )
    known.state, known.changed_at = TakebackState.GIVEN_BACK, now
    publish(ChargebackReversed(user_id=intent.user_id, transaction_id=intent.transaction_id, amount=known.amount))
    return known.state


def _stop_open_refund(intent: PaymentIntent, now: datetime) -> Refund | None:
    """What was asked back and is not sent yet has gone back another way. One that is sent comes back."""
    refund = refunds.lock_open_refund(intent.transaction_id)
    if refund is not None and refund.status in (RefundStatus.REQUESTED, RefundStatus.MANUAL):
        refunds.drop_refund(refund, "The payment was taken back at the gateway.", actor=ACTOR, now=now)
        return None
    return refund


def _paisa(intent: PaymentIntent, topup: WalletTransaction, taken: int, left: int) -> int:
    """What that is of the top-up, never above what is left of it; with the last cent goes the last paisa."""
    gone = intent.charged * topup.refunded_wallet // intent.amount
    if gone + taken >= intent.charged:
        return left
    return min(left, -(-intent.amount * taken // intent.charged))


def _returned(intent: PaymentIntent, claimed: int, amount: int) -> int:
    """In the currency of the charge. In rupees both are the same sum."""
    return amount if intent.currency == NPR else claimed


def _tell(user_id: UUID, done: WalletTransaction) -> None:
    owed = open_session().scalar(select(Due.amount).where(Due.entry_id == done.entry_id))
    if owed is None:
        publish(TopupChargedBack(user_id=user_id, chargeback_id=done.id, amount=done.wallet))
    else:
        publish(ChargebackOwed(user_id=user_id, chargeback_id=done.id, amount=owed))
