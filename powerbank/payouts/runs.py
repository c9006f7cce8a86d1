"""Payout runs: each payee with enough to be paid gets one payout for a cutoff, and whoever gets none is told why.

A run works through the payable accounts in batches and may be killed and repeated at any line: the run of a cutoff, the
payout of a payee in it, and the one open payout of a payee are unique in the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from powerbank.base.audit import staff_actor
from powerbank.base.clock import format_time, local_day
from powerbank.base.db import db, new_id, open_session
from powerbank.base.money import NPR, format_amount
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
from powerbank.ledger import sums
from powerbank.ledger.accounts import Kind
from powerbank.ledger.models import Account
from powerbank.outbox import operations
from powerbank.outbox.catalogue import payout_jobs
from powerbank.outbox.enqueue import publish
from powerbank.outbox.operations import Operation
from powerbank.partners import mails
from powerbank.partners.models import MailKind
from powerbank.payouts import approval, payees
from powerbank.payouts.errors import FutureCutoffError
from powerbank.payouts.events import PayoutRunFinished
from powerbank.payouts.models import Payout, PayoutAccount, PayoutRun, PayoutSkip
from powerbank.payouts.payees import KIND_OF, PAYABLE, Payee
from powerbank.payouts.sending import providers
from powerbank.payouts.states import OPEN, AccountStatus, PayeeKind, Skip, Status

BATCH = 500
MOST_NAMED = 1000  # payees that the summary of a run names
SCHEDULE = "schedule"


@dataclass(frozen=True)
class Candidate:
    """A payee with what is payable at the cutoff, by the postings up to a number."""

    kind: PayeeKind
    id: UUID
    up_to: int
    balance: int


def begin_run(*, cutoff: datetime, asked_by: str, now: datetime) -> PayoutRun:
    """Begin the run of a cutoff, or find the one that there is."""
    refuse_future(cutoff, now=now)
    session = open_session()
    row = {"id": new_id(), "cutoff": cutoff, "asked_by": asked_by}
    session.execute(insert(PayoutRun).values(row).on_conflict_do_nothing(index_elements=["cutoff"]))
    return session.scalars(select(PayoutRun).filter_by(cutoff=cutoff)).one()


def ask_for_run(*, cutoff: datetime | None, staff_id: UUID, now: datetime) -> Operation:
    """Accept a run that staff ask for: for this moment unless another one is said."""
    wanted = cutoff or now
    refuse_future(wanted, now=now)
    return operations.accept(
        payout_jobs.RUN_PAYOUTS,
        request={"cutoff": format_time(wanted)},
        now=now,
        staff_id=staff_id,
        total=count_payable_accounts(),
    )


def read_order(*, slot: str | None, operation_id: str | None) -> tuple[datetime, str]:
    """Read the cutoff of a run and who asked for it."""
    if operation_id is None:
        assert slot is not None  # noqa: S101 (the schedule gives it)
        return datetime.fromisoformat(slot), SCHEDULE
    operation = db.session.get_one(Operation, UUID(operation_id))
    return datetime.fromisoformat(operation.request["cutoff"]), staff_actor(operation.staff_id)


def note_progress(operation_id: UUID, *, done: int) -> None:
    operation = operations.lock_pending_operation(operation_id)
    if operation is not None:
        total = max((operation.progress or {}).get("total", 0), done)
        operation.progress = {"done": done, "total": total}


def refuse_future(cutoff: datetime, *, now: datetime) -> None:
    if cutoff > now:
        raise FutureCutoffError


def note_settled(run_id: UUID, up_to: int) -> int:
    """Note up to which number postings count for a run. A run that is repeated keeps the first one."""
    run = open_session().get_one(PayoutRun, run_id, with_for_update=True, populate_existing=True)
    if run.up_to is None:
        run.up_to = up_to
        open_session().flush()
    return run.up_to


def find_payable_accounts(after: UUID) -> list[UUID]:
    """Find the next accounts of payees."""
    query = select(Account.id).where(Account.kind.in_([*PAYABLE.values()]), Account.id > after)
    return list(db.session.scalars(query.order_by(Account.id).limit(BATCH)))


def count_payable_accounts() -> int:
    return db.session.scalar(select(func.count()).where(Account.kind.in_([*PAYABLE.values()]))) or 0


def work_on_accounts(run_id: UUID, account_ids: Sequence[UUID], *, now: datetime) -> None:
    """Make the payouts of these payees, and note why the others of them get none."""
    session = open_session()
    run = session.get_one(PayoutRun, run_id)
    assert run.up_to is not None  # noqa: S101 (it was noted before)
    candidates = _read_candidates(account_ids, settled=run.up_to, cutoff=run.cutoff)
    config, made, passed_over = app_config.current(), list[Payout](), list[tuple[Candidate, Skip]]()
    for kind in PayeeKind:
        mine = [each for each in candidates if each.kind == kind and each.balance != 0]
        if not mine:
            continue
        ids = [each.id for each in mine]
        known, accounts = payees.find_payees(kind, ids), _find_accounts(kind, ids)
        latest = _find_latest_payouts(kind, ids)
        made_before = select(Payout.payee_id).filter_by(run_id=run.id, payee_kind=kind)
        done = set(session.scalars(made_before.where(Payout.payee_id.in_(ids))))
        for candidate in mine:
            if candidate.id in done:
                continue
            payee, account = known.get(candidate.id), accounts.get(candidate.id)
            reason = _find_reason(candidate, payee, account, latest.get(candidate.id), run=run, config=config, now=now)
            if reason is None and payee is not None and account is not None:
                made.append(_make_payout(run, candidate, payee, account))
            else:
                passed_over.append((candidate, reason or Skip.INACTIVE))
    _skip(run, passed_over)
    approval.begin_payouts(made, now=now)


def finish_run(run_id: UUID, *, now: datetime) -> dict[str, Any]:
    """Finish a run once, and sum it up: what was made, what failed, and who was passed over for which reason."""
    run = open_session().get_one(PayoutRun, run_id, with_for_update=True, populate_existing=True)
    summary = summarise_run(run)
    if run.finished_at is None:
        run.finished_at = now
        amount = open_session().scalar(select(func.sum(Payout.amount)).filter_by(run_id=run_id)) or 0
        publish(
            PayoutRunFinished(
                run_id=run_id, count=summary["created"], skipped=summary["skipped_count"], amount=int(amount)
            )
        )
    return summary


def summarise_run(run: PayoutRun) -> dict[str, Any]:
    created = _count(select(func.count()).select_from(Payout).filter_by(run_id=run.id))
    failed = _count(select(func.count()).select_from(Payout).filter_by(run_id=run.id, status=Status.FAILED))
    passed_over = _count(select(func.count()).select_from(PayoutSkip).filter_by(run_id=run.id))
    query = select(PayoutSkip).filter_by(run_id=run.id).order_by(PayoutSkip.payee_kind, PayoutSkip.payee_id)
    named = list(db.session.scalars(query.limit(MOST_NAMED)))
    names: dict[str, str] = {}
    for kind in PayeeKind:
        found = payees.find_payees(kind, [each.payee_id for each in named if each.payee_kind == kind])
        names |= {str(payee.id): payee.name for payee in found.values()}
    return {
        "run_id": str(run.id),
        "cutoff": format_time(run.cutoff),
        "created": created,
        "failed": failed,
        "total": created + passed_over,
        "skipped_count": passed_over,
        "skipped": [
            {
                "payee": {
                    "kind": each.payee_kind,
                    "id": str(each.payee_id),
                    "name": names.get(str(each.payee_id), ""),
                },
                "reason": each.reason,
                "balance": format_amount(each.balance),
                "currency": NPR,
            }
            for each in named
        ],
    }


def _read_candidates(account_ids: Sequence[UUID], *, settled: int, cutoff: datetime) -> list[Candidate]:
    owners = {
        row.id: row
        for row in db.session.execute(
            select(Account.id, Account.kind, Account.owner).where(Account.id.in_(account_ids))
        )
    }
    return [
        Candidate(KIND_OF[Kind(owners[row.id].kind)], UUID(owners[row.id].owner), row.up_to, row.balance)
        for row in sums.balances_at(account_ids, settled=settled, moment=cutoff)
    ]


def _find_reason(
    candidate: Candidate,
    payee: Payee | None,
    account: PayoutAccount | None,
    latest: Payout | None,
    *,
    run: PayoutRun,
    config: AppConfig,
    now: datetime,
) -> Skip | None:
    """Find why a payee gets no payout. None: it gets one."""
    reasons = {
        Skip.NEGATIVE: candidate.balance < 0,
        Skip.HELD: latest is not None and latest.status == Status.HELD,
        Skip.OPEN_PAYOUT: latest is not None and latest.status in OPEN,
        Skip.LATER_PAYOUT: latest is not None and latest.cutoff > run.cutoff,
        Skip.BELOW_MINIMUM: candidate.balance < config.payout_minimum,
        Skip.INACTIVE: payee is None or not payee.active,
        Skip.NO_ACCOUNT: account is None,
        Skip.COOLING_OFF: account is not None and (account.usable_from is None or account.usable_from > now),
        Skip.NO_PROVIDER: account is not None and account.provider not in providers.configured(),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _make_payout(run: PayoutRun, candidate: Candidate, payee: Payee, account: PayoutAccount) -> Payout:
    payout_id = new_id()
    return Payout(
        id=payout_id,
        run_id=run.id,
        code=f"P{payout_id.hex[-18:].upper()}",
        payee_kind=candidate.kind,
        payee_id=candidate.id,
        payee_name=payee.name,
        currency=NPR,
        cutoff=run.cutoff,
        up_to=candidate.up_to,
        amount=candidate.balance,
        account_id=account.id,
        provider=account.provider,
        status=Status.DRAFT,
        attempt=1,
    )


def _skip(run: PayoutRun, passed_over: Sequence[tuple[Candidate, Skip]]) -> None:
    rows = [
        {
            "run_id": run.id,
            "payee_kind": candidate.kind,
            "payee_id": candidate.id,
            "reason": reason,
            "balance": candidate.balance,
        }
        for candidate, reason in passed_over
    ]
    if rows:
        open_session().execute(insert(PayoutSkip).values(rows).on_conflict_do_nothing())
    month = f"{local_day(run.cutoff):%Y-%m}"  # told once a month, not each night
    for candidate, reason in passed_over:
        if reason is Skip.NEGATIVE and candidate.kind is PayeeKind.PARTNER:
            mails.queue_mail(candidate.id, MailKind.NEGATIVE_BALANCE, about=run.id, version=month)


def _find_accounts(kind: PayeeKind, ids: Sequence[UUID]) -> dict[UUID, PayoutAccount]:
    query = select(PayoutAccount).where(
        PayoutAccount.payee_kind == kind,
        PayoutAccount.payee_id.in_(ids),
        PayoutAccount.status == AccountStatus.CONFIRMED,
    )
    return {account.payee_id: account for account in open_session().scalars(query)}


def _find_latest_payouts(kind: PayeeKind, ids: Sequence[UUID]) -> Mapping[UUID, Payout]:
    """Find the newest payout of each payee that took money, or is about to."""
    took = (*OPEN, Status.PAID, Status.RETURNED)
    query = (
        select(Payout)
        .ext(distinct_on(Payout.payee_id))
        .where(Payout.payee_kind == kind, Payout.payee_id.in_(ids), Payout.status.in_(took))
        .order_by(Payout.payee_id, Payout.id.desc())
    )
    return {payout.payee_id: payout for payout in open_session().scalars(query)}


def _count(query: Any) -> int:
    return db.session.scalar(query) or 0
