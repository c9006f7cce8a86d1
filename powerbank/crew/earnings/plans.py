"""Make and change pay plans. What is earned already stays as it is."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import update

from powerbank.base import money
from powerbank.base.database_errors import (
    Refusals,
    already_exists_error,
    in_use_error,
    inconsistent_error,
    refusing_on,
)
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.crew.earnings.models import PayPlan

_REFUSALS: Refusals = {
    "uq_crew_pay_plans_name": already_exists_error(),
    "uq_crew_pay_plans_standard": already_exists_error(),
    "ck_crew_pay_plans_surge": inconsistent_error(),
}


def make_plan(values: Mapping[str, Any]) -> PayPlan:
    session = open_session()
    if values.get("standard"):
        _end_standard()
    plan = PayPlan(id=new_id(), **_as_kept(values))
    session.add(plan)
    with refusing_on(_REFUSALS):
        session.flush()
    session.refresh(plan)
    return plan


def change_plan(plan: PayPlan, changes: Mapping[str, Any]) -> None:
    """Change a locked plan, for all that is done from now on."""
    if changes.get("standard") and not plan.standard:
        _end_standard()
    for name, value in _as_kept(changes).items():
        setattr(plan, name, value)
    with refusing_on(_REFUSALS):
        open_session().flush()


def delete_plan(plan: PayPlan) -> None:
    """Delete a plan that nobody is paid by."""
    session = open_session()
    session.delete(plan)
    with refusing_on({"fk_crew_members_pay_plan_id_crew_pay_plans": in_use_error()}):
        session.flush()


def lock_plan(plan_id: UUID) -> PayPlan:
    plan = open_session().get(PayPlan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFoundError("pay plan")
    return plan


def show_plan(plan: PayPlan) -> dict[str, Any]:
    fields = ("id", "name", "standard", "per_task", "per_bank", "per_hour", "surge_from", "surge_full", "created_at")
    return {field: getattr(plan, field) for field in fields} | {"surge_most": Decimal(plan.surge_most) / 100}


def describe_for_audit(plan: PayPlan) -> dict[str, Any]:
    amounts = {name: money.format_amount(getattr(plan, name)) for name in ("per_bank", "per_hour")}
    surge = {name: money.format_amount(getattr(plan, name)) for name in ("surge_from", "surge_full")}
    per_task = {kind: money.format_amount(amount) for kind, amount in plan.per_task.items()}
    return {"name": plan.name, "standard": plan.standard, "per_task": per_task, "surge_most": plan.surge_most} | (
        amounts | surge
    )


def _as_kept(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(values)
    if "surge_most" in kept:
        kept["surge_most"] = int(kept["surge_most"] * 100)
    return kept


def _end_standard() -> None:
    open_session().execute(update(PayPlan).where(PayPlan.standard).values(standard=False))
