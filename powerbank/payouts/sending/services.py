"""The sending of payouts: what is sent is decided and noted before, and what nobody answered is asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db, open_session
from powerbank.integrations.payout_provider import Destination, Order
from powerbank.outbox.catalogue import payout_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payouts import money, transitions
from powerbank.payouts.accounts import encryption
from powerbank.payouts.events import PayoutStuck
from powerbank.payouts.models import Payout, PayoutAccount
from powerbank.payouts.sending import batches, providers
from powerbank.payouts.states import UNDER_WAY, AccountStatus, Status

ACTOR = "payouts"
STUCK_AFTER = timedelta(hours=24)
BATCH = 500


@dataclass(frozen=True)
class Plan:
    """What is asked of the provider. `may_have_gone`: it may have been sent before, so the provider is asked first.

    `may_go`: what the provider does not know is sent to it.
    """

    provider: str
    order: Order
    may_have_gone: bool
    may_go: bool = True


def begin_sending(payout_id: UUID, *, now: datetime) -> Plan | None:
    """Note that a payout is about to be sent. None: there is nothing to send.

    Whoever finds the note of somebody else does not know how far that one came, and asks. Where a payee got another
    account meanwhile, nothing is sent to the old one: the payout is cancelled, and the next run pays. What was sent
    once keeps its account, since a key stands for one destination.
    """
    payout = transitions.lock_payout(payout_id)
    if payout.status == Status.APPROVED:
        if _is_account_replaced(payout):
            transitions.move(payout, Status.CANCELLED, actor=ACTOR, now=now, reason="The account was changed.")
            money.take_approval_back(payout, actor=ACTOR)
            return None
        transitions.move(payout, Status.SENDING, actor=ACTOR, now=now, sent_at=now)
        if not providers.get(payout.provider).automatic:
            batches.hand_over(payout, now=now)
            return None
        return _make_plan(payout, may_have_gone=False)
    if payout.status == Status.PROCESSING and _is_account_replaced(payout):
        batches.take_out_of_file(payout, now=now)
        return None
    if payout.status == Status.SENDING:
        return _make_plan(payout, may_have_gone=True)
    return None


def _is_account_replaced(payout: Payout) -> bool:
    account = open_session().get_one(PayoutAccount, payout.account_id, populate_existing=True)
    return account.status != AccountStatus.CONFIRMED


def plan_follow_up(payout_id: UUID) -> Plan | None:
    """Plan the question what became of a payout. One that was paid may have come back; it is never sent again."""
    payout = db.session.get(Payout, payout_id)
    if payout is None or payout.status not in (*UNDER_WAY, Status.PAID):
        return None
    if not providers.get(payout.provider).automatic:
        return None
    return _make_plan(payout, may_have_gone=True, may_go=payout.status != Status.PAID)


def _make_plan(payout: Payout, *, may_have_gone: bool, may_go: bool = True) -> Plan:
    account = db.session.get_one(PayoutAccount, payout.account_id)
    assert account.number is not None  # noqa: S101 (CHECK number: nothing is sent by hand)
    order = Order(
        key=payout.key,
        amount=payout.amount,
        to=Destination(encryption.decrypt_number(account.number), account.name, account.bank_code),
        remarks=f"Powerbank {payout.code}",
        ordered_at=payout.sent_at or payout.created_at,
    )
    return Plan(payout.provider, order, may_have_gone, may_go)


def find_under_way(after: UUID, *, now: datetime) -> list[UUID]:
    """Find payouts that a provider has had for a while without saying what became of them."""
    query = (
        select(Payout.id)
        .where(Payout.id > after, Payout.status.in_(UNDER_WAY), Payout.sent_at < now - timedelta(minutes=30))
        .order_by(Payout.id)
        .limit(BATCH)
    )
    return list(db.session.scalars(query))


def check_payouts(payout_ids: list[UUID], *, now: datetime) -> None:
    """Have providers asked of these payouts, and tell staff once of each that has taken a day."""
    query = select(Payout).where(Payout.id.in_(payout_ids)).order_by(Payout.id).with_for_update()
    for payout in open_session().scalars(query):
        if payout.status not in UNDER_WAY:
            continue
        if providers.get(payout.provider).automatic:
            enqueue(payout_jobs.FOLLOW_PAYOUT, payout_id=str(payout.id))
        if payout.stuck_told_at is None and payout.sent_at is not None and payout.sent_at < now - STUCK_AFTER:
            payout.stuck_told_at = now
            publish(PayoutStuck(payout_id=payout.id, payee=payout.payee_name, amount=payout.amount))
    open_session().flush()
