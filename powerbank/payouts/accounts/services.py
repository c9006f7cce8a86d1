"""Payout accounts: asked for by one person, checked by the provider, confirmed by another, and cooled off."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.database_errors import refusing_on
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError, NotFoundError
from powerbank.content import app_config
from powerbank.integrations.payout_provider import AccountCheck, Destination
from powerbank.outbox.catalogue import payout_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.partners import mails
from powerbank.partners.models import MailKind
from powerbank.payouts import payees
from powerbank.payouts.accounts import encryption
from powerbank.payouts.errors import SecondPersonError
from powerbank.payouts.events import PayoutAccountChanged, PayoutAccountRequested
from powerbank.payouts.models import PayoutAccount
from powerbank.payouts.sending import batches, providers
from powerbank.payouts.states import AccountKind, AccountStatus, PayeeKind


def request_account(
    payee_kind: PayeeKind,
    payee_id: UUID,
    *,
    kind: AccountKind,
    account_number: str | None,
    account_name: str,
    bank_code: str | None,
    by: str,
) -> PayoutAccount:
    """Ask for an account to be paid to. It takes the place of an earlier request that nobody has decided."""
    session = open_session()
    payee = payees.find_payees(payee_kind, [payee_id]).get(payee_id)
    if payee is None:
        raise NotFoundError("payee")
    _refuse_incomplete(kind, account_number, bank_code)
    session.execute(
        update(PayoutAccount)
        .filter_by(payee_kind=payee_kind, payee_id=payee_id, status=AccountStatus.REQUESTED)
        .values(status=AccountStatus.REJECTED, reason="Another request came.")
    )
    account = PayoutAccount(
        id=new_id(),
        payee_kind=payee_kind,
        payee_id=payee_id,
        kind=kind,
        provider=providers.choose(kind),
        bank_code=bank_code,
        number=encryption.encrypt_number(account_number) if account_number else None,
        number_ends=account_number[-4:] if account_number else None,
        number_digest=encryption.digest_number(account_number) if account_number else None,
        name=account_name,
        status=AccountStatus.REQUESTED,
        requested_by=by,
    )
    session.add(account)
    refusal = ConflictError("already_requested", "Another request came at the same moment.")
    with refusing_on({"uq_payout_accounts_requested": refusal}):
        session.flush()
    session.refresh(account)
    enqueue(payout_jobs.CONFIRM_PAYOUT_ACCOUNT, account_id=str(account.id))
    publish(PayoutAccountRequested(account_id=account.id, payee=payee.name))
    _tell_owners(account)
    _record("request_account", account, actor=by)
    return account


def plan_check(account_id: UUID) -> tuple[str, Destination] | None:
    """Say whom to ask about an account that nobody has asked about. None: there is nothing to ask."""
    account = db.session.get(PayoutAccount, account_id)
    if account is None or account.checked_at is not None or account.status != AccountStatus.REQUESTED:
        return None
    number = "" if account.number is None else encryption.decrypt_number(account.number)
    return account.provider, Destination(number, account.name, account.bank_code)


def note_check(account_id: UUID, check: AccountCheck, *, now: datetime) -> None:
    account = _lock_account(account_id)
    account.checked_at = now
    account.score = check.score if check.exists else 0
    account.check_note = check.note if check.exists else check.note or "There is no such account."
    open_session().flush()


def confirm_account(
    payee_kind: PayeeKind, payee_id: UUID, account_id: UUID, *, staff: Staff, reason: str | None, now: datetime
) -> PayoutAccount:
    """Confirm an account as the second person. It is paid to after a while, in which its owner can object."""
    account = _lock_account_of(payee_kind, payee_id, account_id)
    actor = staff_actor(staff.id)
    if account.requested_by == actor:
        raise SecondPersonError("Whoever asked for an account does not confirm it.")
    if staff.email.lower() in payees.find_payee(payee_kind, payee_id).addresses:
        raise SecondPersonError("Nobody confirms an account of somebody that they belong to.")
    if account.checked_at is None:
        raise ConflictError("account_not_checked", "The provider has not answered about this account yet.")
    config = app_config.current()
    if account.score == 0:
        raise ConflictError("account_invalid", "The provider knows no such account under this name.")
    if account.score is not None and account.score < config.payout_account_score and not reason:
        raise ConflictError(
            "account_unsure",
            "Number and name hardly belong together; give the reason why they do.",
            score=account.score,
        )
    session = open_session()
    session.execute(
        update(PayoutAccount)
        .filter_by(payee_kind=payee_kind, payee_id=payee_id, status=AccountStatus.CONFIRMED)
        .values(status=AccountStatus.REPLACED)
    )
    account.status, account.decided_by, account.decided_at, account.reason = AccountStatus.CONFIRMED, actor, now, reason
    account.usable_from = now + timedelta(hours=config.payout_account_cooloff_hours)
    session.flush()
    if payout_id := batches.find_in_file(payee_kind, payee_id):
        enqueue(payout_jobs.SEND_PAYOUT, payout_id=str(payout_id))
    _tell_owners(account)
    _record("confirm_account", account, actor=actor)
    return account


def reject_account(
    payee_kind: PayeeKind, payee_id: UUID, account_id: UUID, *, staff: Staff, reason: str, now: datetime
) -> PayoutAccount:
    account = _lock_account_of(payee_kind, payee_id, account_id)
    actor = staff_actor(staff.id)
    account.status, account.reason, account.decided_at = AccountStatus.REJECTED, reason, now
    account.decided_by = actor if actor != account.requested_by else None
    open_session().flush()
    _record("reject_account", account, actor=actor)
    return account


def list_accounts(payee_kind: PayeeKind, payee_id: UUID) -> list[PayoutAccount]:
    """List the accounts of a payee, newest first. A payee has few."""
    query = select(PayoutAccount).filter_by(payee_kind=payee_kind, payee_id=payee_id)
    return list(db.session.scalars(query.order_by(PayoutAccount.id.desc()).limit(50)))


def mask(account: PayoutAccount) -> str | None:
    """Show enough of a number to recognise one's own."""
    return None if account.number_ends is None else f"••••{account.number_ends}"


def _tell_owners(account: PayoutAccount) -> None:
    """Tell every owner, on every channel: whoever takes over one contact cannot change the account unseen."""
    version = f"{account.id}:{account.status}"
    for user_id in payees.find_payee(account.payee_kind, account.payee_id).user_ids:
        publish(PayoutAccountChanged(user_id=user_id, account_id=account.id, version=version))
    if account.payee_kind == PayeeKind.PARTNER:
        mails.queue_mail(account.payee_id, MailKind.ACCOUNT_CHANGED, about=account.id, version=version)


def _refuse_incomplete(kind: AccountKind, number: str | None, bank_code: str | None) -> None:
    if kind is AccountKind.BY_HAND:
        if number or bank_code:
            raise InvalidFieldsError({"account_number": ["What is paid by hand has no number."]})
    elif not number:
        raise InvalidFieldsError({"account_number": ["Missing data for required field."]})
    if kind is AccountKind.BANK and not bank_code:
        raise InvalidFieldsError({"bank_code": ["Missing data for required field."]})


def _lock_account(account_id: UUID) -> PayoutAccount:
    account = open_session().get(PayoutAccount, account_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise NotFoundError("payout account")
    return account


def _lock_account_of(payee_kind: PayeeKind, payee_id: UUID, account_id: UUID) -> PayoutAccount:
    account = _lock_account(account_id)
    if (account.payee_kind, account.payee_id) != (payee_kind, payee_id):
        raise NotFoundError("payout account")
    if account.status != AccountStatus.REQUESTED:
        raise ConflictError("already_decided", "This request has been decided.")
    return account


def _record(action: str, account: PayoutAccount, *, actor: str) -> None:
    new: dict[str, Any] = {
        "account_id": str(account.id),
        "kind": account.kind,
        "number": mask(account),
        "name": account.name,
        "status": account.status,
        "score": account.score,
        "reason": account.reason,
    }
    kind = "partners" if account.payee_kind == PayeeKind.PARTNER else account.payee_kind
    audit.record(actor=actor, action=f"payouts.{action}", object_kind=kind, object_id=account.payee_id, new=new)
