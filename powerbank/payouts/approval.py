"""What staff decide of a payout: approve, hold, release, retry, cancel, and what became of it where nobody else knows.

Whoever made a payout happen does not approve it, and whoever sent it by hand does not say that it was paid. Where a
schedule made it happen and the policy approved it, nobody is known to have sent it: two people say the same of it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError
from powerbank.content import app_config
from powerbank.ledger import sums
from powerbank.ledger.accounts import Kind
from powerbank.ledger.models import Account
from powerbank.outbox.enqueue import publish, publish_each
from powerbank.payouts import money, payees, transitions
from powerbank.payouts.errors import SecondPersonError
from powerbank.payouts.events import PayoutApproved, PayoutWaits
from powerbank.payouts.models import Payout, PayoutAccount, PayoutRun
from powerbank.payouts.sending import batches, providers
from powerbank.payouts.sending.outcomes import fail_payout, pay_payout
from powerbank.payouts.states import AccountStatus, Status
from powerbank.payouts.transitions import POLICY


def begin_payouts(payouts: Sequence[Payout], *, now: datetime) -> None:
    """Write new payouts: approved by the policy, or so that a second person is asked. The transaction has locked none.

    They are written together, since a run makes ten thousand of them in a minute.
    """
    session, most = open_session(), app_config.current().payout_approval_above
    for payout in payouts:
        if payout.amount <= most:
            payout.status, payout.approved_by, payout.approved_at = Status.APPROVED, POLICY, now
        else:
            payout.status = Status.AWAITING_APPROVAL
    session.add_all(payouts)
    session.flush()
    approved = [payout for payout in payouts if payout.status == Status.APPROVED]
    money.put_all_aside(approved, actor=POLICY)
    publish_each([PayoutApproved(payout_id=payout.id) for payout in approved])
    for payout in payouts:
        transitions.announce(payout)
        if payout.status != Status.APPROVED:
            publish(PayoutWaits(payout_id=payout.id, payee=payout.payee_name, amount=payout.amount))


def approve_payout(payout_id: UUID, *, staff: Staff, now: datetime) -> Payout:
    payout = transitions.lock_payout(payout_id)
    transitions.require(payout, Status.AWAITING_APPROVAL, Status.DRAFT)
    run = open_session().get_one(PayoutRun, payout.run_id)
    if run.asked_by == staff_actor(staff.id):
        raise SecondPersonError("Whoever asked for the run does not approve its payouts.")
    payees.refuse_own([payout], staff)
    _refuse_other_account(payout)
    _approve(payout, by=staff_actor(staff.id), now=now)
    return payout


def _approve(payout: Payout, *, by: str, now: datetime) -> None:
    transitions.move(payout, Status.APPROVED, actor=by, now=now, approved_by=by, approved_at=now)
    providers.get(payout.provider)  # one that is gone refuses here, before money is on its way
    _send(payout, by=by)


def _send(payout: Payout, *, by: str) -> None:
    """Put the money of an approved payout aside, and have it sent."""
    money.put_aside(payout, actor=by)
    publish(PayoutApproved(payout_id=payout.id))


def hold_payout(payout_id: UUID, *, staff: Staff, reason: str, now: datetime) -> Payout:
    """Keep a payout back until it is released. Its money is payable meanwhile, and is not paid otherwise."""
    payout = transitions.lock_payout(payout_id)
    was_approved = payout.status == Status.APPROVED
    actor = staff_actor(staff.id)
    transitions.move(payout, Status.HELD, actor=actor, now=now, reason=reason)
    if was_approved:
        money.take_approval_back(payout, actor=actor)
    return payout


def release_payout(payout_id: UUID, *, staff: Staff, reason: str | None, now: datetime) -> Payout:
    """Let a payout go on that was held. Somebody approves it again."""
    payout = transitions.lock_payout(payout_id)
    actor = staff_actor(staff.id)
    transitions.require(payout, Status.HELD)
    transitions.move(payout, Status.AWAITING_APPROVAL, actor=actor, now=now, reason=reason)
    return payout


def cancel_payout(payout_id: UUID, *, staff: Staff, reason: str | None, now: datetime) -> Payout:
    """Give a payout up that is not on its way. The next run pays the balance."""
    payout = transitions.lock_payout(payout_id)
    was_approved = payout.status == Status.APPROVED
    actor = staff_actor(staff.id)
    transitions.move(payout, Status.CANCELLED, actor=actor, now=now, reason=reason)
    if was_approved:
        money.take_approval_back(payout, actor=actor)
    return payout


def retry_payout(payout_id: UUID, *, staff: Staff, reason: str | None, now: datetime) -> Payout:
    """Try a payout again that failed for certain, under a key of its own. Somebody approves it again.

    What has happened to the balance since then counts: a payout that a later one has paid is not paid again.
    """
    payout = transitions.lock_payout(payout_id)
    transitions.require(payout, Status.FAILED)
    newer = select(Payout.id).where(
        Payout.payee_kind == payout.payee_kind, Payout.payee_id == payout.payee_id, Payout.id > payout.id
    )
    if open_session().scalar(newer.limit(1)) is not None:
        raise ConflictError("newer_payout", "This payee has a newer payout.")
    if _read_balance(payout) < payout.amount:
        raise ConflictError("balance_too_low", "This much is not payable any more.")
    account = _find_account(payout)
    if account is None or account.usable_from is None:
        raise ConflictError("no_confirmed_account", "This payee has no account that can be paid to.")
    if account.usable_from > now:
        raise ConflictError("account_cooling_off", "The account is new, and is not paid to yet.")
    transitions.move(
        payout,
        Status.AWAITING_APPROVAL,
        actor=staff_actor(staff.id),
        now=now,
        reason=reason,
        attempt=payout.attempt + 1,
        account_id=account.id,
        provider=account.provider,
        approved_by=None,
        approved_at=None,
        decided_by=None,
        reference=None,
        batch=None,
        file_taken_by=None,
        file_takers=[],
        outcome_said=None,
        said=None,
        sent_at=None,
    )
    return payout


def decide_outcome(
    payout_id: UUID, *, staff: Staff, result: str, reference: str, reason: str | None, now: datetime
) -> Payout:
    """Note what became of a payout that a person or a bank's portal has sent, or that its provider cannot tell of."""
    payout = transitions.lock_payout(payout_id)
    transitions.require(payout, Status.PROCESSING, Status.UNKNOWN)
    if payout.status == Status.PROCESSING and providers.get(payout.provider).automatic:
        raise ConflictError("provider_decides", "The provider says what becomes of this payout.")
    actor = staff_actor(staff.id)
    first, takers = transitions.find_first_person(payout), batches.list_takers(payout)
    if actor in (first, *takers):
        raise SecondPersonError("A second person says what became of a payout.")
    payees.refuse_own([payout], staff)
    nobody_sent_it = first is None and not takers and payout.status == Status.PROCESSING
    if nobody_sent_it and not _says_as_another(payout, actor=actor, result=result, reference=reference):
        _note_first_saying(payout, actor=actor, result=result, reference=reference, reason=reason)
        return payout
    payout.reference, payout.decided_by, payout.reason = reference, actor, reason
    if result == "paid":
        pay_payout(payout, actor=actor, now=now)
    else:
        fail_payout(payout, why=reason or "It was not paid.", actor=actor, now=now)
    return payout


def _says_as_another(payout: Payout, *, actor: str, result: str, reference: str) -> bool:
    """Say whether somebody else has said the same of a payout just before."""
    return payout.decided_by != actor and (payout.outcome_said, payout.reference) == (result, reference)


def _note_first_saying(payout: Payout, *, actor: str, result: str, reference: str, reason: str | None) -> None:
    """Keep what one person says of a payout that a schedule began and the policy approved, until another says the same.

    It takes the place of what was said before: whoever was wrong may not be there any more to correct it.
    """
    before = {"outcome_said": payout.outcome_said, "reference": payout.reference} if payout.outcome_said else {}
    payout.reference, payout.decided_by, payout.reason, payout.outcome_said = reference, actor, reason, result
    audit.record(
        actor=actor,
        action="payouts.outcome_said",
        object_kind="payouts",
        object_id=payout.id,
        old=before,
        new={"outcome_said": result, "reference": reference, "reason": reason},
    )
    transitions.announce(payout)


def _refuse_other_account(payout: Payout) -> None:
    account = open_session().get_one(PayoutAccount, payout.account_id)
    if account.status != AccountStatus.CONFIRMED:
        raise ConflictError("account_changed", "The account was changed; cancel this payout, and the next run pays.")


def _find_account(payout: Payout) -> PayoutAccount | None:
    return open_session().scalar(
        select(PayoutAccount).filter_by(
            payee_kind=payout.payee_kind, payee_id=payout.payee_id, status=AccountStatus.CONFIRMED
        )
    )


def _read_balance(payout: Payout) -> int:
    name = payees.payable_account(payout.payee_kind, payout.payee_id)
    query = select(Account.id).filter_by(kind=Kind(name.kind), owner=name.owner, currency=name.currency)
    account_id = open_session().scalars(query).one()
    return sums.sum_balances([account_id])[account_id]
