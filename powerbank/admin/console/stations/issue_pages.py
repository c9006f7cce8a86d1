"""The console's pages of issues: what people report of stations, with their photos, and how staff settle it."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import STATIONS
from powerbank.admin.console.stations import tones
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import find_page
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.stations.issues import photos, queries
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import Priority
from powerbank.stations.issues.schemas import IssueArguments

blueprint = console_blueprint("console_issues", __name__, url_prefix="/console")

PAGE = ListPage(
    "Issues",
    STATIONS,
    columns=(
        lists.name("What", "issue_type"),
        lists.words("Station", "station_sn"),
        lists.badge("Urgency", "priority", tones.PRIORITY),
        lists.number("Reports", "reports"),
        lists.moment("Last report", "last_reported_at"),
        lists.moment("Settled", "resolved_at"),
        lists.words("How", "resolution"),
    ),
    filters=(
        lists.choice("State", "state", ["open", "resolved", "all"]),
        lists.choice("Urgency", "priority", [*Priority]),
        lists.text_field("Station", "station_sn"),
    ),
    empty=("No open issues.", "What people report of a station stands here until staff have settled it."),
    api="/api/admin/station-issues",
    template="console/stations/issues.html",
    file="station_issues",
)


@blueprint.get("/station-issues")
def listing() -> str | Response:
    staff = page_staff("stations.read")
    return show_list(PAGE, queries.list_issues, IssueArguments, staff=staff, tones=tones)


@blueprint.get("/station-issues/<uuid:issue_id>")
def one(issue_id: UUID) -> str:
    staff = page_staff("stations.read")
    found = find_page(
        lambda cursor: queries.list_issue_reports(issue_id, limit=lists.SHOWN, cursor=cursor),
        request.args.get("cursor"),
    )
    return render_template(
        "console/stations/issue.html",
        staff=staff,
        tones=tones,
        issue=queries.find_issue(issue_id),
        reports=found["items"],
        next_cursor=found["next_cursor"],
    )


@blueprint.post("/station-issues/<uuid:issue_id>/resolve")
@refusals_lead_to("console_issues.one")
@idempotent_form
def resolve(issue_id: UUID) -> AnyResponse:
    staff = page_staff("stations.operate")
    resolution = request.form.get("reason", "").strip()[:500]
    issues.resolve_issue(issue_id, resolution=resolution, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("station_issue.resolve", "station_issue", issue_id, new={"resolution": resolution})
    flash(translate("Settled. Everybody who reported it is told."))
    return redirect(url_for("console_issues.one", issue_id=issue_id))


@blueprint.get("/report-photos/<uuid:photo_id>.jpg")
def photo(photo_id: UUID) -> Response:
    page_staff("stations.read")
    response = Response(photos.find_photo_content(photo_id), content_type="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response
