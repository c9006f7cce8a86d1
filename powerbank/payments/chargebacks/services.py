"""Book chargebacks: a gateway took money back by itself, by a dispute or by a refund that somebody made in its portal.

What the gateway took comes out of the wallet, and what is spent of it becomes a due. Events come late, twice and in any
sequence, so the gateway is asked how each chargeback stands now, and a row for each says what was done about it. The
API calls these rows takebacks.
"""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select

from powerbank.base.db import new_id, open_session
from powerbank.base.money import NPR
from powerbank.integrations.gateway import GatewayRefund, RefundState, Reversal, ReversalState
from powerbank.ledger import transactions
from powerbank.ledger.movements import refunds as ledger_refunds
from powerbank.ledger.movements import topups
from powerbank.ledger.wallet_models import Due, WalletTransaction
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.chargebacks.models import Chargeback, ChargebackState
from powerbank.payments.events import ChargebackOwed, ChargebackReversed, PaymentNeedsReview, TopupChargedBack
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.refunds import gateway_refunds, outcomes
from powerbank.payments.refunds import services as refunds
from powerbank.payments.refunds.models import Refund, RefundStatus
from powerbank.payments.topups import services as intents

log = structlog.get_logger(__name__)

ACTOR = "gateway"


class RefundOnItsWayError(Exception):
    """The gateway took more than our own refund leaves, and may refuse that refund for it.

    The job is tried again until the gateway has answered for the refund.
    """


def apply_reversal(intent_id: UUID, reversal: Reversal, *, now: datetime) -> str:
    """Book a reversal of a payment, and say in a word what was done."""
    intent = intents.lock_intent(intent_id)
    assert intent is not None  # noqa: S101 (intents are never deleted)
    if intent.status != IntentStatus.SUCCESS or reversal.payment_id != intent.payment_id:
        return "nothing was credited"
    ours = gateway_refunds.refund_id_in_key(reversal.key) if reversal.key else None
    if ours is not None and reversal.kind == "refund":
        return _follow_own_refund(ours, reversal, now)
    known = open_session().scalar(
        select(Chargeback)
        .where(Chargeback.gateway == intent.gateway, Chargeback.gateway_id == reversal.id)
        .with_for_update()
    )
    if reversal.state is ReversalState.TAKEN and known is None:
        return _book_chargeback(intent, reversal, now)
    if reversal.state is ReversalState.GIVEN_BACK:
        return _reverse_chargeback(intent, reversal, known, now)
    return "nothing new"


def _follow_own_refund(refund_id: UUID, reversal: Reversal, now: datetime) -> str:
    """Note that a refund of ours has failed, or ask the gateway how it stands."""
    if reversal.state is ReversalState.GIVEN_BACK:
        outcomes.apply_answer(refund_id, GatewayRefund(RefundState.FAILED, reversal.id), actor=ACTOR, now=now)
        return "our refund failed"
    enqueue(payment_jobs.FOLLOW_REFUND, refund_id=str(refund_id))
    return "our refund"


def _book_chargeback(intent: PaymentIntent, reversal: Reversal, now: datetime) -> str:
    topup = transactions.lock_transaction(intent.transaction_id)
    open_refund = _stop_open_refund(intent, now)
    left, topup_gone = ledger_refunds.refundable_part(topup), topup.refunded_wallet
    beyond = intent.charged * topup_gone // intent.amount + reversal.amount > intent.charged
    if beyond and open_refund is not None and open_refund.gateway_reference is None:
        raise RefundOnItsWayError(str(open_refund.id))
    amount = _amount_in_paisa(intent, topup, reversal.amount, left.wallet if left else 0)
    row = Chargeback(
        id=new_id(),
        intent_id=intent.id,
        gateway=intent.gateway,
        gateway_id=reversal.id,
        kind=reversal.kind,
        claimed=reversal.amount,
        amount=amount,
        state=ChargebackState.TAKEN if amount else ChargebackState.NOTHING,
    )
    if amount:
        done = topups.charge_back_topup(
            transaction_id=topup.id,
            gateway=intent.gateway,
            amount=amount,
            key=f"chargeback:{row.id}",
            actor=ACTOR,
            currency=intent.currency,
            gateway_amount=_amount_at_gateway(intent, reversal.amount, amount),
        )
        row.transaction_id = done.id
        _publish_chargeback(intent.user_id, done)
    open_session().add(row)
    open_session().flush()
    if beyond:
        log.error("a gateway took back more than there was", intent_id=str(intent.id), chargeback=reversal.id)
        publish(PaymentNeedsReview(intent_id=intent.id, reason="taken_back_beyond"))
    return row.state


def _reverse_chargeback(intent: PaymentIntent, reversal: Reversal, known: Chargeback | None, now: datetime) -> str:
    if known is None:
        # The row is kept although nothing was taken: a job that asked the gateway before the decision may still come.
        undone = Chargeback(
            id=new_id(),
            intent_id=intent.id,
            gateway=intent.gateway,
            gateway_id=reversal.id,
            kind=reversal.kind,
            claimed=reversal.amount,
            amount=0,
            state=ChargebackState.GIVEN_BACK,
        )
        open_session().add(undone)
        return "nothing new"
    if known.state != ChargebackState.TAKEN or known.transaction_id is None:
        return "nothing new"
    topups.reverse_chargeback(
        chargeback_id=known.transaction_id,
        gateway=intent.gateway,
        key=f"chargeback:{known.id}:back",
        actor=ACTOR,
        currency=intent.currency,
        gateway_amount=_amount_at_gateway(intent, known.claimed, known.amount),
        now=now,
    )
    known.state, known.changed_at = ChargebackState.GIVEN_BACK, now
    publish(ChargebackReversed(user_id=intent.user_id, transaction_id=intent.transaction_id, amount=known.amount))
    return known.state


def _stop_open_refund(intent: PaymentIntent, now: datetime) -> Refund | None:
    """Reject an open refund that is not sent yet, since the money has gone back another way.

    One that was sent already comes back to the caller.
    """
    refund = refunds.lock_open_refund(intent.transaction_id)
    if refund is not None and refund.status in (RefundStatus.REQUESTED, RefundStatus.MANUAL):
        refunds.drop_refund(refund, "The payment was taken back at the gateway.", actor=ACTOR, now=now)
        return None
    return refund


def _amount_in_paisa(intent: PaymentIntent, topup: WalletTransaction, taken: int, left: int) -> int:
    """Convert what the gateway took to paisa of the top-up, never more than is left of it.

    With the last cent goes the last paisa.
    """
    gone = intent.charged * topup.refunded_wallet // intent.amount
    if gone + taken >= intent.charged:
        return left
    return min(left, -(-intent.amount * taken // intent.charged))


def _amount_at_gateway(intent: PaymentIntent, claimed: int, amount: int) -> int:
    """Give the amount in the currency of the charge. In rupees both are the same sum."""
    return amount if intent.currency == NPR else claimed


def _publish_chargeback(user_id: UUID, chargeback: WalletTransaction) -> None:
    owed = open_session().scalar(select(Due.amount).where(Due.entry_id == chargeback.entry_id))
    if owed is None:
        publish(TopupChargedBack(user_id=user_id, chargeback_id=chargeback.id, amount=chargeback.wallet))
    else:
        publish(ChargebackOwed(user_id=user_id, chargeback_id=chargeback.id, amount=owed))
