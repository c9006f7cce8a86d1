"""The console's pages of payout runs: asking for one, how far it is, and whom it passed over and why."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.columns import member
from powerbank.admin.console.partners import tones
from powerbank.admin.console.sections import PARTNERS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.base import audit
from powerbank.base.db import utcnow
from powerbank.outbox import operations
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payouts import queries, runs

blueprint = console_blueprint("console_payout_runs", __name__, url_prefix="/console/payout-runs")

READ, WRITE = "payouts.read", "payouts.write"
PAYOUTS_SHOWN = 50


def _state(row: Any) -> str:
    return "done" if row["finished_at"] else "running"


RUNS = ListPage(
    "Runs",
    PARTNERS,
    columns=(
        lists.moment("Earned up to", "cutoff"),
        lists.badge("State", _state, {"done": "good", "running": "busy"}),
        member("Asked by", "asked_by"),
        lists.number("Payouts", "created"),
        lists.amount("Amount", "amount"),
        lists.number("Paid", "paid"),
        lists.number("Passed over", "skipped"),
        lists.moment("Ended", "finished_at"),
    ),
    empty=("No runs.", "Each night at 23:59 a run makes the payouts of the day."),
    api="/api/admin/payouts",
    opens=lambda row: f"/console/payout-runs/{row['id']}",
    template="console/partners/runs.html",
    file="payout-runs",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(RUNS, queries.list_runs, PageArguments, staff=page_staff(READ))


@blueprint.post("")
@refusals_lead_to("console_payout_runs.listing")
@idempotent_form
def ask() -> AnyResponse:
    staff = page_staff(WRITE)
    operation = runs.ask_for_run(cutoff=None, staff_id=staff.id, now=utcnow())
    audit.record_by_staff("payouts.run", "payouts", operation.id, new=operation.request)
    flash(translate("The run has begun."))
    return redirect(url_for("console_payout_runs.progress", operation_id=operation.id))


@blueprint.get("/progress/<uuid:operation_id>")
def progress(operation_id: UUID) -> str | AnyResponse:
    """Show how far a run is; once it is done, lead to it."""
    staff = page_staff(READ)
    operation = operations.find_operation_of_asker(operation_id, staff_id=staff.id, now=utcnow())
    if operation.result is not None and "HX-Request" not in request.headers:
        return redirect(url_for("console_payout_runs.one", run_id=operation.result["run_id"]))
    return render_template(
        "console/partners/progress.html",
        staff=staff,
        section=PARTNERS,
        operation=operation,
        progress=operation.progress or {},
    )


@blueprint.get("/<uuid:run_id>")
def one(run_id: UUID) -> str:
    staff = page_staff(READ)
    run = queries.find_run(run_id)
    return render_template(
        "console/partners/run.html",
        staff=staff,
        section=PARTNERS,
        tones=tones,
        run=run,
        summary=runs.summarise_run(run),
        payouts=queries.list_payouts(run_id=run_id, limit=PAYOUTS_SHOWN, cursor=None)["items"],
    )
