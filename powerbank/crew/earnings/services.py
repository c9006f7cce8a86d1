"""Book what members of the crew earn. The database has one earning of each task and shift, so each is paid once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import new_id, open_session
from powerbank.crew.earnings import queries
from powerbank.crew.earnings.models import Earning, EarningKind
from powerbank.crew.members.models import Member
from powerbank.crew.shifts.models import Shift
from powerbank.crew.tasks import priorities
from powerbank.crew.tasks.models import Task
from powerbank.ledger import services as ledger
from powerbank.ledger.accounts import Kind, network_account
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.payouts.payees import payable_account
from powerbank.payouts.states import PayeeKind

ACTOR = "crew"


def earn_task(task: Task, *, now: datetime) -> Earning:
    """Pay the member who has done a locked task, by their plan and by what they moved."""
    assert task.claimed_by is not None  # noqa: S101 (CHECK claimed_by)
    member = open_session().get_one(Member, task.claimed_by)
    pay = queries.plan_of(member).price_task(
        task.kind, banks=task.brought + task.taken, priority=priorities.priority_of(task, now=now)
    )
    return _earn(member.id, EarningKind.TASK, pay.amount, pay.as_detail(), task_id=task.id, now=now)


def reverse_task(task: Task, *, now: datetime) -> Earning | None:
    """Take back what a locked task was paid, because staff reject the work. None if it was not paid."""
    assert task.claimed_by is not None  # noqa: S101 (CHECK claimed_by)
    earned = open_session().scalar(select(Earning).filter_by(task_id=task.id, kind=EarningKind.TASK))
    if earned is None:
        return None
    return _earn(earned.member_id, EarningKind.REVERSAL, -earned.amount, {}, task_id=task.id, now=now)


def earn_shift(shift: Shift, *, seconds: int, now: datetime) -> Earning:
    """Pay the hours of a shift that has ended, without its breaks."""
    member = open_session().get_one(Member, shift.member_id)
    plan = queries.plan_of(member)
    detail = {"seconds": seconds, "per_hour": plan.per_hour}
    return _earn(member.id, EarningKind.SHIFT, plan.price_time(seconds), detail, shift_id=shift.id, now=now)


def _earn(
    member_id: UUID,
    kind: EarningKind,
    amount: int,
    detail: dict[str, Any],
    *,
    now: datetime,
    task_id: UUID | None = None,
    shift_id: UUID | None = None,
) -> Earning:
    about = Reference("crew_task", str(task_id)) if task_id is not None else Reference("crew_shift", str(shift_id))
    entry_id = None
    if amount:
        entry_id = ledger.post_entry(
            kind=EntryKind.WAGE,
            key=f"crew:{kind}:{about.id}",
            lines=[
                Line(network_account(Kind.CREW_EXPENSE), -amount),
                Line(payable_account(PayeeKind.CREW, member_id), amount),
            ],
            actor=ACTOR,
            reference=about,
        ).entry_id
    earning = Earning(
        id=new_id(),
        member_id=member_id,
        kind=kind,
        task_id=task_id,
        shift_id=shift_id,
        amount=amount,
        detail=detail,
        entry_id=entry_id,
        at=now,
    )
    open_session().add(earning)
    open_session().flush()
    return earning
