"""Read payouts and payout accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.payouts import payees
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.models import Payout, PayoutAccount, PayoutRun, PayoutSkip
from powerbank.payouts.statements import documents, lines
from powerbank.payouts.statements.models import Statement
from powerbank.payouts.states import AccountStatus, PayeeKind, Status


def find_payout(payout_id: UUID) -> Payout:
    found = db.session.get(Payout, payout_id)
    if found is None:
        raise NotFoundError("payout")
    return found


def find_payout_of(payout_id: UUID, payee_kind: str, payee_id: UUID) -> Payout:
    """Find a payout of this payee."""
    found = find_payout(payout_id)
    if (found.payee_kind, found.payee_id) != (payee_kind, payee_id):
        raise NotFoundError("payout")
    return found


def payout_page(
    *,
    status: str | None = None,
    payee_kind: str | None = None,
    payee_id: UUID | None = None,
    cutoff: datetime | None = None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """Read a page of payouts, newest first."""
    filters = {"status": status, "payee_kind": payee_kind, "payee_id": payee_id, "cutoff": cutoff}
    found = list_payouts(**filters, limit=limit, cursor=cursor)
    return found | {"items": show_payouts(found["items"])}


def list_payouts(*, limit: int, cursor: str | None, **filters: Any) -> dict[str, Any]:
    """Read a page of payouts as they are kept, newest first, without a count of their lines."""
    query = select(Payout).filter_by(**{name: value for name, value in filters.items() if value is not None})
    return page(query, Payout.id, descending=True, limit=limit, cursor=cursor)


def show_payouts(payouts: Sequence[Payout]) -> list[dict[str, Any]]:
    ids = [payout.id for payout in payouts]
    statements = {
        row.payout_id: row
        for row in db.session.execute(
            select(Statement.payout_id, Statement.number, Statement.lines_count).where(Statement.payout_id.in_(ids))
        )
    }
    shown_accounts = {
        account.id: account
        for account in db.session.scalars(
            select(PayoutAccount).where(PayoutAccount.id.in_([payout.account_id for payout in payouts]))
        )
    }
    shown = []
    for payout in payouts:
        statement = statements.get(payout.id)
        shown.append(
            {
                "payout_id": payout.id,
                "payee": {"kind": payout.payee_kind, "id": payout.payee_id, "name": payout.payee_name},
                "cutoff": payout.cutoff,
                "amount": payout.amount,
                "currency": payout.currency,
                "status": payout.status,
                "approved_by": payout.approved_by,
                "provider": payout.provider,
                "reference": payout.reference,
                "statement_number": statement.number if statement else None,
                "lines_count": statement.lines_count if statement else lines.count_lines(payout),
                "code": payout.code,
                "account": accounts.mask(shown_accounts[payout.account_id]),
                "batch": payout.batch,
                "reason": payout.reason,
                "provider_said": payout.said,
                "outcome_said": payout.outcome_said,
                "created_at": payout.created_at,
                "sent_at": payout.sent_at,
                "paid_at": payout.paid_at,
            }
        )
    return shown


def show_payout_with_lines(payout: Payout) -> dict[str, Any]:
    [shown] = show_payouts([payout])
    return shown | {"lines": lines.first_lines(payout, most=100)}


def statement_page(payee_kind: str, payee_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of the statements of a payee, newest first."""
    query = select(Statement).filter_by(payee_kind=payee_kind, payee_id=payee_id)
    found = page(query, Statement.id, descending=True, limit=limit, cursor=cursor)
    return found | {"items": [documents.show_head(each) | {"id": each.id} for each in found["items"]]}


def find_statement_of(statement_id: UUID, payee_kind: str, payee_id: UUID) -> Statement:
    """Find a statement of this payee."""
    found = db.session.get(Statement, statement_id)
    if found is None or (found.payee_kind, found.payee_id) != (payee_kind, payee_id):
        raise NotFoundError("statement")
    return found


def list_requested_accounts(*, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of the accounts that wait for a second person, oldest first, each with the name of its payee."""
    query = select(PayoutAccount).where(PayoutAccount.status == AccountStatus.REQUESTED)
    found = page(query, PayoutAccount.id, limit=limit, cursor=cursor)
    names: dict[UUID, str] = {}
    for kind in PayeeKind:
        wanted = [each.payee_id for each in found["items"] if each.payee_kind == kind]
        names |= {payee.id: payee.name for payee in payees.find_payees(kind, wanted).values()}
    shown = [
        show_account(each)
        | {"payee_kind": each.payee_kind, "payee_id": each.payee_id, "payee": names.get(each.payee_id)}
        | {"requested_by": each.requested_by}
        for each in found["items"]
    ]
    return found | {"items": shown}


def find_account_of(payout: Payout) -> dict[str, Any]:
    """Read the account that a payout goes to, masked."""
    return show_account(db.session.get_one(PayoutAccount, payout.account_id))


def list_runs(*, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of runs, newest first, each with what came of it."""
    found = page(select(PayoutRun), PayoutRun.id, descending=True, limit=limit, cursor=cursor)
    ids = [run.id for run in found["items"]]
    made = {
        row.run_id: row
        for row in db.session.execute(
            select(
                Payout.run_id,
                func.count().label("created"),
                func.sum(Payout.amount).label("amount"),
                func.count().filter(Payout.status == Status.PAID).label("paid"),
            )
            .where(Payout.run_id.in_(ids))
            .group_by(Payout.run_id)
        )
    }
    skipped = {
        row.run_id: row.count
        for row in db.session.execute(
            select(PayoutSkip.run_id, func.count().label("count"))
            .where(PayoutSkip.run_id.in_(ids))
            .group_by(PayoutSkip.run_id)
        )
    }
    shown = [
        {
            "id": run.id,
            "cutoff": run.cutoff,
            "asked_by": run.asked_by,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "created": made[run.id].created if run.id in made else 0,
            "amount": int(made[run.id].amount) if run.id in made else 0,
            "paid": made[run.id].paid if run.id in made else 0,
            "skipped": skipped.get(run.id, 0),
        }
        for run in found["items"]
    ]
    return found | {"items": shown}


def find_run(run_id: UUID) -> PayoutRun:
    found = db.session.get(PayoutRun, run_id)
    if found is None:
        raise NotFoundError("payout run")
    return found


def show_account(account: PayoutAccount) -> dict[str, Any]:
    return {
        "id": account.id,
        "kind": account.kind,
        "provider": account.provider,
        "bank_code": account.bank_code,
        "account_number": accounts.mask(account),
        "account_name": account.name,
        "status": account.status,
        "score": account.score,
        "checked_at": account.checked_at,
        "check_note": account.check_note,
        "usable_from": account.usable_from,
        "reason": account.reason,
        "created_at": account.created_at,
    }
