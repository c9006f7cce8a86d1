"""Read issues of stations, and what people reported of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.stations.issues import photos
from powerbank.stations.issues.models import IssueReport, StationIssue
from powerbank.stations.registry.queries import find_station


def find_issue(issue_id: UUID) -> StationIssue:
    found: StationIssue | None = db.session.get(StationIssue, issue_id)
    if found is None:
        raise NotFoundError("issue")
    return found


def list_issues(
    *, state: str, priority: str | None, limit: int, cursor: str | None, station_sn: str | None = None
) -> dict[str, Any]:
    """List a page of the issues, newest first."""
    query = select(StationIssue)
    if station_sn is not None:
        query = query.where(StationIssue.station_id == find_station(station_sn).id)
    if state != "all":
        is_open = StationIssue.resolved_at.is_(None)
        query = query.where(is_open if state == "open" else ~is_open)
    if priority is not None:
        query = query.where(StationIssue.priority == priority)
    return page(query, StationIssue.id, descending=True, limit=limit, cursor=cursor)


def list_issue_reports(issue_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of what people reported of an issue, with their photos, newest first."""
    query = select(IssueReport).where(IssueReport.issue_id == find_issue(issue_id).id)
    found = page(query, IssueReport.id, limit=limit, cursor=cursor, descending=True)
    addresses = photos.list_photo_addresses([each.id for each in found["items"]])
    names = ("id", "user_id", "description", "created_at")
    items = [{name: getattr(each, name) for name in names} | {"photos": addresses[each.id]} for each in found["items"]]
    return found | {"items": items}
