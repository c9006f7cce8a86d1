"""The console's page of reports: those that are kept, a form that has one made, and which one gets by mail."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import FIGURES
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.analytics.reports import files, services
from powerbank.analytics.reports.models import Format, Length, ReportKind
from powerbank.analytics.reports.schemas import ReportRequestSchema
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.pages.forms import read_form, refusals_lead_to
from powerbank.pages.language import translate

blueprint = console_blueprint("console_reports", __name__, url_prefix="/console/figures/reports")

PAGE = "console_reports.listing"
SHOWN = 50
# What is made by itself: each kind with the times that it is made of.
REGULAR = (
    (ReportKind.OPERATIONS, Length.DAY),
    (ReportKind.NETWORK, Length.WEEK),
    (ReportKind.FINANCE, Length.WEEK),
    (ReportKind.NETWORK, Length.MONTH),
    (ReportKind.FINANCE, Length.MONTH),
)


@blueprint.get("")
def listing() -> str:
    staff = page_staff("analytics.read")
    found = services.report_page(limit=SHOWN, cursor=request.args.get("cursor"))
    mine = {(each.kind, each.length): each.format for each in services.list_subscriptions(staff.id)}
    return render_template(
        "console/figures/reports.html",
        staff=staff,
        section=FIGURES,
        reports=[(report, services.period_of(report).name) for report in found["items"]],
        next_cursor=found["next_cursor"],
        kinds=[*ReportKind],
        formats=[*Format],
        regular=[(kind.value, length.value, mine.get((kind, length))) for kind, length in REGULAR],
    )


@blueprint.post("")
@refusals_lead_to(PAGE)
def make() -> AnyResponse:
    staff = page_staff("analytics.write")
    asked = read_form(ReportRequestSchema)
    with transaction():
        services.request_report(asked["kind"], asked["period"], asked["format"], staff_id=staff.id, now=utcnow())
    flash(translate("The report is being made, and stands here in a moment."))
    return redirect(url_for(PAGE, waits="yes"))


@blueprint.post("/subscriptions")
@refusals_lead_to(PAGE)
def subscribe() -> AnyResponse:
    staff = page_staff("analytics.read")
    given = {(kind, length): request.form.get(f"{kind}-{length}", "") for kind, length in REGULAR}
    wanted = [
        {"kind": kind.value, "length": length.value, "format": given[kind, length]}
        for kind, length in REGULAR
        if given[kind, length] in [*Format]
    ]
    with transaction():
        services.set_subscriptions(staff.id, wanted)
    flash(translate("Your mails are as you chose."))
    return redirect(url_for(PAGE))


@blueprint.get("/<uuid:report_id>.<any(pdf, csv, xlsx):format_>")
def download(report_id: UUID, format_: str) -> Response:
    page_staff("analytics.read")
    report, wanted = services.find_report(report_id), Format(format_)
    with transaction():
        audit.record_by_staff("analytics.download_report", "report", report.id, new={"format": format_})
    return files.answer_file(report, wanted)
