"""What becomes of a payout: the provider's answer, a later one, and none at all."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from powerbank.integrations.payout_provider import PayoutState, ProviderAnswer
from powerbank.outbox.catalogue import payout_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.partners import mails
from powerbank.partners.models import MailKind
from powerbank.payouts import money, payees, transitions
from powerbank.payouts.events import OwnerNotPaid, OwnerPaid, PayoutFailed, PayoutPaid
from powerbank.payouts.models import Payout
from powerbank.payouts.states import UNDER_WAY, PayeeKind, Status

PROVIDER = "provider"
# How long after an answer that decides nothing the provider is asked again, at first and at most.
SOON, SELDOM = timedelta(minutes=5), timedelta(hours=1)
# Some say that it is paid, and later that it came back: they are asked until they answer once more, for some days.
ASK_WHETHER_IT_STAYED = timedelta(hours=12)
ASK_WHETHER_IT_STAYED_FOR = timedelta(days=3)


def apply_answer(payout_id: UUID, answer: ProviderAnswer, *, now: datetime) -> None:
    """Apply what a provider says of a payout, whoever asked it, and however often it says so."""
    payout = transitions.lock_payout(payout_id)
    payout.reference = answer.reference or payout.reference
    payout.said, payout.asked_at = answer.said, now
    if payout.status == Status.PAID and answer.state is PayoutState.FAILED:
        take_back_payout(payout, why=answer.said or "It came back.", now=now)
        return
    if payout.status not in UNDER_WAY:
        return
    if answer.state is PayoutState.PAID:
        pay_payout(payout, actor=PROVIDER, now=now)
    elif answer.state is PayoutState.FAILED:
        fail_payout(payout, why=answer.said or "The provider refused it.", actor=PROVIDER, now=now)
    else:
        if payout.status != Status.PROCESSING:
            transitions.move(payout, Status.PROCESSING, actor=PROVIDER, now=now)
        ask_again(payout, now=now)


def note_no_answer(payout_id: UUID, said: str, *, now: datetime) -> None:
    """Note that a provider may have taken a payout, and did not say so. It is asked, never sent under another key."""
    payout = transitions.lock_payout(payout_id)
    if payout.status == Status.PAID and payout.paid_at is not None and now < payout.paid_at + ASK_WHETHER_IT_STAYED_FOR:
        enqueue(payout_jobs.FOLLOW_PAYOUT, at=now + SELDOM, payout_id=str(payout.id))
    if payout.status not in UNDER_WAY:
        return
    payout.said, payout.asked_at = said[:200], now
    if payout.status != Status.UNKNOWN:
        transitions.move(payout, Status.UNKNOWN, actor=PROVIDER, now=now)
    ask_again(payout, now=now)


def note_refusal(payout_id: UUID, said: str, *, now: datetime) -> None:
    """Note that a provider has refused a payout for certain."""
    payout = transitions.lock_payout(payout_id)
    if payout.status in UNDER_WAY:
        payout.said, payout.asked_at = said[:200], now
        fail_payout(payout, why=said[:200], actor=PROVIDER, now=now)


def pay_payout(payout: Payout, *, actor: str, now: datetime) -> None:
    """Book a payout that has arrived, and have its statement made."""
    transitions.move(payout, Status.PAID, actor=actor, now=now, paid_at=now, outcome_said=None)
    money.book_paid(payout, actor=actor)
    publish(PayoutPaid(payout_id=payout.id))
    if actor == PROVIDER:
        enqueue(payout_jobs.FOLLOW_PAYOUT, at=now + ASK_WHETHER_IT_STAYED, payout_id=str(payout.id))
    for fields in _fields_for_owners(payout):
        publish(OwnerPaid(**fields))


def fail_payout(payout: Payout, *, why: str, actor: str, now: datetime) -> None:
    transitions.move(payout, Status.FAILED, actor=actor, now=now, reason=why, outcome_said=None)
    money.give_back(payout, actor=actor)
    _tell_of_failure(payout, why)


def take_back_payout(payout: Payout, *, why: str, now: datetime) -> None:
    """Make the money of a payout payable again that was paid and came back."""
    transitions.move(payout, Status.RETURNED, actor=PROVIDER, now=now, reason=why)
    money.book_returned(payout, actor=PROVIDER)
    _tell_of_failure(payout, why)


def ask_again(payout: Payout, *, now: datetime) -> None:
    """Have the provider asked again, more rarely the longer it takes."""
    since = now - (payout.sent_at or now)
    at = now + min(max(since, SOON), SELDOM)
    enqueue(payout_jobs.FOLLOW_PAYOUT, at=at, payout_id=str(payout.id))


def _fields_for_owners(payout: Payout) -> list[dict[str, Any]]:
    """Make the fields of the events that tell each owner of a payee."""
    version = f"{payout.id}:{payout.attempt}:{payout.status}"
    fields = {"payout_id": payout.id, "amount": payout.amount, "version": version}
    owners = payees.find_payee(payout.payee_kind, payout.payee_id).user_ids
    return [{"user_id": user_id, **fields} for user_id in owners]


def _tell_of_failure(payout: Payout, why: str) -> None:
    publish(
        PayoutFailed(
            payout_id=payout.id,
            payee=payout.payee_name,
            amount=payout.amount,
            reason=why,
            version=f"{payout.id}:{payout.attempt}:{payout.status}",
        )
    )
    for fields in _fields_for_owners(payout):
        publish(OwnerNotPaid(**fields))
    if payout.payee_kind == PayeeKind.PARTNER:
        version = f"{payout.id}:{payout.attempt}:{payout.status}"
        mails.queue_mail(payout.payee_id, MailKind.PAYOUT_FAILED, about=payout.id, version=version)
