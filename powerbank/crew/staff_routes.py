"""Staff manage the members of the crew, their shifts, and what they are paid."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.crew.banks import queries as banks
from powerbank.crew.earnings import plans
from powerbank.crew.earnings import queries as earnings
from powerbank.crew.earnings.schemas import (
    CrewEarningsArguments,
    CrewEarningsSchema,
    PayPlanChangeSchema,
    PayPlanSchema,
)
from powerbank.crew.leaving import let_member_go
from powerbank.crew.members import locations, queries, services
from powerbank.crew.members.schemas import (
    CrewMemberSchema,
    CrewPlaceSchema,
    HeldBankSchema,
    MemberArguments,
    MemberChangeSchema,
    MemberDraftSchema,
    ShiftArguments,
    ShiftPageSchema,
)
from powerbank.crew.shifts import queries as shifts

blueprint = Blueprint("Crew (staff)", __name__, url_prefix="/api/admin/crew", description="The people in the field.")

READ, WRITE, PAY = "crew.read", "crew.write", "crew.pay"


@blueprint.route("")
class Members(MethodView):
    @staff_only(READ)
    @blueprint.arguments(MemberArguments, location="query")
    @blueprint.response(200, page_of(CrewMemberSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List, newest first"""
        return queries.list_members(**arguments)

    @staff_only(WRITE)
    @blueprint.arguments(MemberDraftSchema)
    @blueprint.response(201, CrewMemberSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a person a member of the crew"""
        person = {name: body.pop(name, None) for name in ("user_id", "phone", "email")}
        with transaction():
            member = services.make_member(**person, values=body, by=staff_actor(current_staff().id), now=utcnow())
            shown = queries.show_member(member)
            audit.record_by_staff("crew.create", "crew_member", member.id, new=_describe(shown))
        return shown


@blueprint.route("/<uuid:member_id>")
class OneMember(MethodView):
    @staff_only(READ)
    @blueprint.response(200, CrewMemberSchema)
    def get(self, member_id: UUID) -> dict[str, Any]:
        """Read"""
        return queries.show_member(queries.find_member(member_id))

    @staff_only(WRITE)
    @blueprint.arguments(MemberChangeSchema(partial=True))
    @blueprint.response(200, CrewMemberSchema)
    def patch(self, body: dict[str, Any], member_id: UUID) -> dict[str, Any]:
        """Change the fields given"""
        with transaction():
            member = services.lock_member(member_id)
            old = _describe(queries.show_member(member))
            services.change_member(member, body)
            shown = queries.show_member(member)
            audit.record_by_staff("crew.update", "crew_member", member_id, old=old, new=_describe(shown))
        return shown

    @staff_only(WRITE)
    @blueprint.response(204)
    def delete(self, member_id: UUID) -> None:
        """Let a member go. It is refused while tasks or power banks are in their hands"""
        with transaction():
            member = let_member_go(member_id, now=utcnow())
            audit.record_by_staff("crew.end", "crew_member", member_id, new=_describe(queries.show_member(member)))


@blueprint.get("/<uuid:member_id>/banks")
@staff_only(READ)
@blueprint.response(200, HeldBankSchema(many=True))
def member_banks(member_id: UUID) -> list[dict[str, Any]]:
    """The power banks that a member has in hand"""
    return banks.describe_banks_in_hand(queries.find_member(member_id).id)


@blueprint.get("/<uuid:member_id>/shifts")
@staff_only(READ)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, ShiftPageSchema)
def member_shifts(arguments: dict[str, Any], member_id: UUID) -> dict[str, Any]:
    """The shifts of a member with their hours, newest first"""
    return shifts.list_shifts(queries.find_member(member_id).id, now=utcnow(), **arguments)


@blueprint.get("/<uuid:member_id>/earnings")
@staff_only(PAY)
@blueprint.arguments(CrewEarningsArguments, location="query")
@blueprint.response(200, CrewEarningsSchema)
def member_earnings(arguments: dict[str, Any], member_id: UUID) -> dict[str, Any]:
    """What a member has earned, of the last month unless said"""
    return earnings.list_earnings(queries.find_member(member_id).id, **arguments, today=local_day(utcnow()))


@blueprint.get("/shifts")
@staff_only(READ)
@blueprint.arguments(ShiftArguments, location="query")
@blueprint.response(200, ShiftPageSchema)
def all_shifts(arguments: dict[str, Any]) -> dict[str, Any]:
    """All shifts with their hours, newest first"""
    return shifts.list_all_shifts(only_open=arguments.pop("open"), now=utcnow(), **arguments)


@blueprint.get("/places")
@staff_only("crew.locate")
@blueprint.response(200, CrewPlaceSchema(many=True))
def places() -> list[dict[str, Any]]:
    """Where the members are who share it in the shift that is on"""
    return locations.list_places(now=utcnow())


@blueprint.route("/pay-plans")
class PayPlans(MethodView):
    @staff_only(READ)
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(PayPlanSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List the pay plans"""
        found = earnings.list_pay_plans(**arguments)
        return found | {"items": [plans.show_plan(plan) for plan in found["items"]]}

    @staff_only(PAY)
    @blueprint.arguments(PayPlanSchema)
    @blueprint.response(201, PayPlanSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create a pay plan"""
        with transaction():
            plan = plans.make_plan(body)
            audit.record_by_staff("crew.make_pay_plan", "crew_pay_plan", plan.id, new=plans.describe_for_audit(plan))
        return plans.show_plan(plan)


@blueprint.route("/pay-plans/<uuid:plan_id>")
class OnePayPlan(MethodView):
    @staff_only(READ)
    @blueprint.response(200, PayPlanSchema)
    def get(self, plan_id: UUID) -> dict[str, Any]:
        """Read a pay plan"""
        return plans.show_plan(earnings.find_pay_plan(plan_id))

    @staff_only(PAY)
    @blueprint.arguments(PayPlanChangeSchema(partial=True))
    @blueprint.response(200, PayPlanSchema)
    def patch(self, body: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
        """Change a pay plan, for all that is done from now on"""
        with transaction():
            plan = plans.lock_plan(plan_id)
            old = plans.describe_for_audit(plan)
            plans.change_plan(plan, body)
            new = plans.describe_for_audit(plan)
            audit.record_by_staff("crew.change_pay_plan", "crew_pay_plan", plan_id, old=old, new=new)
        return plans.show_plan(plan)

    @staff_only(PAY)
    @blueprint.response(204)
    def delete(self, plan_id: UUID) -> None:
        """Delete a pay plan that nobody is paid by"""
        with transaction():
            plan = plans.lock_plan(plan_id)
            old = plans.describe_for_audit(plan)
            plans.delete_plan(plan)
            audit.record_by_staff("crew.delete_pay_plan", "crew_pay_plan", plan_id, old=old)


def _describe(shown: dict[str, Any]) -> dict[str, Any]:
    return dict(CrewMemberSchema(exclude=("name",)).dump(shown))
