"""People report issues of a station, and staff settle them."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api import uploads
from powerbank.api.auth import current_staff, current_user_id, staff_only, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.stations.issues import photos
from powerbank.stations.issues import queries as issue_queries
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType, StationIssue
from powerbank.stations.issues.schemas import (
    IssueArguments,
    IssueReportSchema,
    IssueSchema,
    IssueSeenSchema,
    ReportSeenSchema,
)
from powerbank.stations.schemas import ResolutionSchema

blueprint = Blueprint("Station issues", __name__, url_prefix="/api", description="What is wrong with a station.")

REPORTS = "10 per hour"


@blueprint.post("/stations/<sn>/report-issue")
@user_only
@uploads.takes_a_photo
@blueprint.arguments(IssueReportSchema, location="json_or_form")
@blueprint.response(201, IssueSeenSchema)
def report(body: dict[str, Any], sn: str) -> StationIssue:
    """Something is wrong with this station"""
    hit_if_counted(REPORTS, "station-issue", str(current_user_id()))
    photo = photos.remake_photo(body["photo"])
    with transaction():
        return issues.report_issue(
            user_id=current_user_id(),
            sn=sn,
            issue_type=IssueType(body["issue_type"]),
            description=body["description"],
            photo=photo,
            now=utcnow(),
        )


@blueprint.get("/admin/station-issues")
@staff_only("stations.read")
@blueprint.arguments(IssueArguments, location="query")
@blueprint.response(200, page_of(IssueSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """What people reported, newest first; open ones unless `state` says otherwise"""
    return issue_queries.list_issues(**arguments)


@blueprint.get("/admin/station-issues/<uuid:issue_id>/reports")
@staff_only("stations.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(ReportSeenSchema))
def reports(arguments: dict[str, Any], issue_id: UUID) -> dict[str, Any]:
    """What each person said of it, newest first"""
    return issue_queries.list_issue_reports(issue_id, **arguments)


@blueprint.get("/admin/report-photos/<uuid:photo_id>.jpg")
@staff_only("stations.read")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def photo(photo_id: UUID) -> Response:
    """A photo that somebody added to a report"""
    response = Response(photos.find_photo_content(photo_id), content_type="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return response


@blueprint.post("/admin/station-issues/<uuid:issue_id>/resolve")
@staff_only("stations.operate")
@blueprint.arguments(ResolutionSchema)
@blueprint.response(200, IssueSchema)
def resolve(body: dict[str, Any], issue_id: UUID) -> StationIssue:
    """Settle what people reported of a station"""
    with transaction():
        actor = staff_actor(current_staff().id)
        issue = issues.resolve_issue(issue_id, resolution=body["resolution"], by=actor, now=utcnow())
        audit.record_by_staff("station_issue.resolve", "station_issue", issue_id, new=body)
    return issue
