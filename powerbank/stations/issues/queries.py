from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.stations.issues import photos
from powerbank.stations.issues.models import IssueReport, StationIssue


def list_issue_reports(issue_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    if db.session.get(StationIssue, issue_id) is None:
        raise NotFoundError("issue")
    query = select(IssueReport).where(IssueReport.issue_id == issue_id)
    found = page(query, IssueReport.id, limit=limit, cursor=cursor, descending=True)
    seen = photos.list_photo_addresses([each.id for each in found["items"]])
    names = ("id", "user_id", "description", "created_at")
    items = [{name: getattr(each, name) for name in names} | {"photos": seen[each.id]} for each in found["items"]]
    return found | {"items": items}
