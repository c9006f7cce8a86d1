"""Pay plans, the rules that make tasks with what they would make now, and the figures of the crew's work."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import CREW
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.base import audit
from powerbank.base.db import utcnow
from powerbank.content import app_config
from powerbank.crew.earnings import plans, queries
from powerbank.crew.earnings.models import PayPlan
from powerbank.crew.earnings.pay import STANDARD
from powerbank.crew.earnings.schemas import PayPlanSchema
from powerbank.crew.figures import queries as figures
from powerbank.crew.tasks import previews
from powerbank.crew.tasks.states import TaskKind
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list

blueprint = console_blueprint("console_crew_plans", __name__, url_prefix="/console/crew")

PAGE = ListPage(
    "Pay plans",
    CREW,
    columns=(
        lists.words("Name", "name"),
        lists.words("Usual one", lambda plan: translate("yes") if plan["standard"] else ""),
        lists.amount("For a bank", "per_bank"),
        lists.amount("For an hour", "per_hour"),
        lists.words("At most times", "surge_most", "n"),
    ),
    empty=("No pay plans.", "Until there is one, the plan that is built in is paid by."),
    api="/api/admin/crew/pay-plans",
    opens=lambda plan: url_for("console_crew_plans.one", plan_id=plan["id"]),
    template="console/crew/plans.html",
    file="pay_plans",
)
RULES = (
    *("crew_ahead_hours", "crew_low_charge_banks", "crew_offline_minutes", "crew_claims", "crew_claim_minutes"),
    *("crew_place_metres", "crew_bag_banks", "crew_shift_hours"),
)


@blueprint.get("/plans")
def listing() -> str | Response:
    staff = page_staff("crew.read")
    return show_list(PAGE, _list_plans, PageArguments, staff=staff)


@blueprint.get("/plans/new")
def new() -> str:
    page_staff("crew.pay")
    return _show_form(None)


@blueprint.post("/plans/new")
@refusals_lead_to("console_crew_plans.new")
@idempotent_form
def make() -> AnyResponse:
    page_staff("crew.pay")
    plan = plans.make_plan(_read_plan())
    audit.record_by_staff("crew.make_pay_plan", "crew_pay_plan", plan.id, new=plans.describe_for_audit(plan))
    flash(translate("It is made."))
    return redirect(url_for("console_crew_plans.one", plan_id=plan.id))


@blueprint.get("/plans/<uuid:plan_id>")
def one(plan_id: UUID) -> str:
    page_staff("crew.read")
    return _show_form(queries.find_pay_plan(plan_id))


@blueprint.post("/plans/<uuid:plan_id>")
@refusals_lead_to("console_crew_plans.one")
@idempotent_form
def change(plan_id: UUID) -> AnyResponse:
    page_staff("crew.pay")
    plan = plans.lock_plan(plan_id)
    old = plans.describe_for_audit(plan)
    plans.change_plan(plan, _read_plan())
    new_values = plans.describe_for_audit(plan)
    audit.record_by_staff("crew.change_pay_plan", "crew_pay_plan", plan_id, old=old, new=new_values)
    flash(translate("It is changed."))
    return redirect(url_for("console_crew_plans.one", plan_id=plan_id))


@blueprint.post("/plans/<uuid:plan_id>/delete")
@refusals_lead_to("console_crew_plans.one")
@idempotent_form
def delete(plan_id: UUID) -> AnyResponse:
    page_staff("crew.pay")
    plan = plans.lock_plan(plan_id)
    old = plans.describe_for_audit(plan)
    plans.delete_plan(plan)
    audit.record_by_staff("crew.delete_pay_plan", "crew_pay_plan", plan_id, old=old)
    flash(translate("It is deleted."))
    return redirect(url_for("console_crew_plans.listing"))


@blueprint.get("/rules")
def rules() -> str:
    staff = page_staff("crew.read")
    known = app_config.current()
    return render_template(
        "console/crew/rules.html",
        staff=staff,
        section=CREW,
        rules=[(name, app_config.AppConfig.model_fields[name].description, getattr(known, name)) for name in RULES],
        preview=previews.preview_plan(now=utcnow()),
    )


@blueprint.get("/figures")
def show_figures() -> str:
    staff = page_staff("crew.read")
    asked = request.args.get("days", "")
    days = int(asked) if asked in {str(each) for each in figures.DAYS} else figures.DAYS[0]
    return render_template(
        "console/crew/figures.html",
        staff=staff,
        section=CREW,
        days=days,
        choices=figures.DAYS,
        figures=figures.read_figures(days=days, now=utcnow()),
    )


def _list_plans(**asked: Any) -> dict[str, Any]:
    found = queries.list_pay_plans(**asked)
    return found | {"items": [plans.show_plan(plan) for plan in found["items"]]}


def _show_form(plan: PayPlan | None) -> str:
    staff = page_staff("crew.read")
    shown = PayPlanSchema().dump(plans.show_plan(plan)) if plan else PayPlanSchema().dump(vars(STANDARD) | _FIRST)
    return render_template(
        "console/crew/plan.html",
        staff=staff,
        section=CREW,
        plan=plan,
        shown=shown,
        kinds=[kind.value for kind in TaskKind],
        may_write=staff.may("crew.pay"),
    )


_FIRST = {"name": "", "standard": False, "surge_most": 1}


def _read_plan() -> dict[str, Any]:
    per_task = {kind.value: amount for kind in TaskKind if (amount := request.form.get(f"task_{kind}", "").strip())}
    return load_form(PayPlanSchema, per_task=per_task)
