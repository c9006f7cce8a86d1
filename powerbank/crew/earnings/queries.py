"""Read pay plans, and what members of the crew have earned."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.api.paging import page
from powerbank.base.clock import HOME
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.base.money import NPR
from powerbank.crew.earnings.models import Earning, PayPlan
from powerbank.crew.earnings.pay import Plan, read_plan
from powerbank.crew.members.models import Member
from powerbank.crew.tasks.models import Task
from powerbank.ledger import sums
from powerbank.ledger.models import Account
from powerbank.payouts.payees import payable_account
from powerbank.payouts.states import PayeeKind

MONTH = timedelta(days=31)
_BY_DAY = text("""
    SELECT CAST(timezone('Asia/Kathmandu', at) AS date) AS day, CAST(sum(amount) AS bigint) AS amount,
           count(*) FILTER (WHERE kind = 'task') AS tasks,
           CAST(coalesce(sum(CAST(detail ->> 'seconds' AS bigint)) FILTER (WHERE kind = 'shift'), 0) AS bigint)
           AS seconds
      FROM crew_earnings WHERE member_id = :member AND at >= :begin AND at < :end
     GROUP BY 1 ORDER BY 1 DESC
""")


def find_pay_plan(plan_id: UUID) -> PayPlan:
    found = db.session.get(PayPlan, plan_id)
    if found is None:
        raise NotFoundError("pay plan")
    return found


def list_pay_plans(*, limit: int, cursor: str | None) -> dict[str, Any]:
    return page(select(PayPlan), PayPlan.id, limit=limit, cursor=cursor)


def plan_of(member: Member) -> Plan:
    """Find the plan by which a member is paid: their own, else the network's standard."""
    return plans_of([member])[member.id]


def plans_of(members: Collection[Member]) -> dict[UUID, Plan]:
    wanted = {member.pay_plan_id for member in members}
    query = select(PayPlan).where(PayPlan.id.in_(wanted - {None}) | PayPlan.standard)
    rows = {row.id: row for row in db.session.scalars(query)}
    standard = next((row for row in rows.values() if row.standard), None)
    return {
        member.id: read_plan(rows.get(member.pay_plan_id, standard) if member.pay_plan_id else standard)
        for member in members
    }


def standard_plan() -> Plan:
    """Find the plan of members who have no other."""
    return read_plan(db.session.scalar(select(PayPlan).where(PayPlan.standard)))


def amount_earned_since(member_id: UUID, moment: datetime) -> int:
    earned = select(func.sum(Earning.amount)).where(Earning.member_id == member_id, Earning.at >= moment)
    return int(db.session.scalar(earned) or 0)


def amount_payable(member_id: UUID) -> int:
    """Read what a member has earned and was not paid yet, as the ledger says."""
    name = payable_account(PayeeKind.CREW, member_id)
    account_id = db.session.scalar(
        select(Account.id).filter_by(owner=name.owner, kind=name.kind, currency=name.currency)
    )
    return 0 if account_id is None else sums.sum_balances([account_id])[account_id]


def find_earned(task_ids: Collection[UUID]) -> dict[UUID, int]:
    """Find what these tasks were paid, less what was taken back."""
    query = (
        select(Earning.task_id, func.sum(Earning.amount)).where(Earning.task_id.in_(task_ids)).group_by(Earning.task_id)
    )
    return {task_id: int(amount) for task_id, amount in db.session.execute(query) if task_id is not None}


def list_earnings(
    member_id: UUID, *, begin: date | None, end: date | None, today: date, limit: int, cursor: str | None
) -> dict[str, Any]:
    """List what a member earned from one day until another, newest first, with the sum of each day.

    Unless days are said, it is the last month with today.
    """
    until = _midnight(end or today + timedelta(days=1))
    since = _midnight(begin) if begin is not None else until - MONTH
    query = select(Earning).where(Earning.member_id == member_id, Earning.at >= since, Earning.at < until)
    found = page(query, Earning.id, descending=True, limit=limit, cursor=cursor)
    days = db.session.execute(_BY_DAY, {"member": member_id, "begin": since, "end": until}).mappings().all()
    numbers = _station_numbers([each.task_id for each in found["items"] if each.task_id is not None])
    return {
        "currency": NPR,
        "payable": amount_payable(member_id),
        "total": sum(day["amount"] for day in days),
        "days": [dict(day) for day in days],
        "items": [_show(each, numbers) for each in found["items"]],
        "next_cursor": found["next_cursor"],
    }


def _show(earning: Earning, stations: dict[UUID, tuple[str, str]]) -> dict[str, Any]:
    fields = ("id", "at", "kind", "task_id", "shift_id", "amount")
    station_sn, task_kind = stations.get(earning.task_id, (None, None)) if earning.task_id else (None, None)
    shown = {field: getattr(earning, field) for field in fields}
    return shown | {"station_sn": station_sn, "task_kind": task_kind, "seconds": earning.detail.get("seconds")}


def _station_numbers(task_ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    tasks = db.session.scalars(select(Task).where(Task.id.in_(task_ids)))
    return {task.id: (task.station_sn, task.kind) for task in tasks}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=HOME)
