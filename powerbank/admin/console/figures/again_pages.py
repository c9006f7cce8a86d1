"""The console's page on which staff have the figures of some days made again."""

from flask import redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import FIGURES
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.analytics import queries, services
from powerbank.analytics.buckets import folding
from powerbank.analytics.buckets.days import DAY
from powerbank.analytics.schemas import FillInSchema
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.pages.forms import idempotent_form, read_form, refusals_lead_to

blueprint = console_blueprint("console_figures_again", __name__, url_prefix="/console/figures/again")

PAGE = "console_figures_again.form"


@blueprint.get("")
def form() -> str:
    staff = page_staff("analytics.write")
    today = local_day(utcnow())
    return render_template(
        "console/figures/again.html",
        staff=staff,
        section=FIGURES,
        mark=queries.find_mark(),
        stale=folding.count_stale(),
        first=today - 7 * DAY,
        last=today,
    )


@blueprint.post("")
@refusals_lead_to(PAGE)
@idempotent_form
def make() -> AnyResponse:
    staff = page_staff("analytics.write")
    asked = read_form(FillInSchema)
    operation = services.request_fill_in(asked["from_"], asked["to"], staff_id=staff.id, now=utcnow())
    return redirect(url_for("console_operations.show", operation_id=operation.id))
