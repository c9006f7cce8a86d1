"""Take what people report of stations, and settle it. Reports of one kind about one station are one issue."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import format_time
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.enqueue import Scalar, enqueue, publish
from powerbank.stations.availability import presence
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandName, CommandStatus, StationCommand
from powerbank.stations.events import StationIssueReported, StationIssueResolved
from powerbank.stations.issues import photos
from powerbank.stations.issues.models import CRITICAL, IssueReport, IssueType, Priority, StationIssue
from powerbank.stations.models import Station
from powerbank.stations.registry import queries

ANSWER_SECONDS = 30


def report_issue(
    *,
    user_id: UUID,
    sn: str,
    issue_type: IssueType,
    description: str | None,
    now: datetime,
    photo: bytes | None = None,
    partner_id: UUID | None = None,
) -> StationIssue:
    """Report an issue of a station. The report joins the open issue of its kind, or opens one.

    `partner_id` says that somebody of its venue reports it.
    """
    session = open_session()
    station = queries.find_public_station(sn)
    priority = Priority.CRITICAL if issue_type in CRITICAL else Priority.NORMAL
    made = insert(StationIssue).values(
        id=new_id(),
        station_id=station.id,
        issue_type=issue_type,
        priority=priority,
        opened_at=now,
        last_reported_at=now,
    )
    issue_id = session.execute(
        made.on_conflict_do_update(
            index_elements=["station_id", "issue_type"],
            index_where=StationIssue.resolved_at.is_(None),
            set_={"reports": StationIssue.reports + 1, "last_reported_at": now},
        ).returning(StationIssue.id)
    ).scalar_one()
    row = IssueReport(
        issue_id=issue_id, user_id=user_id, partner_id=partner_id, description=description, created_at=now
    )
    session.add(row)
    session.flush()
    photos.save_photo(photo, subject_id=row.id, user_id=user_id, now=now)
    enqueue(station_jobs.PROCESS_STATION_ISSUE, report_id=str(row.id))
    return session.get_one(StationIssue, issue_id, populate_existing=True)


def process_report(report_id: UUID, *, now: datetime) -> None:
    """Publish the report of an issue, once for each report."""
    session = open_session()
    claimed = session.execute(
        update(IssueReport)
        .where(IssueReport.id == report_id, IssueReport.processed_at.is_(None))
        .values(processed_at=now)
        .returning(IssueReport.issue_id, IssueReport.user_id)
    ).one_or_none()
    if claimed is None:
        return
    issue = session.get_one(StationIssue, claimed.issue_id)
    first = session.scalar(
        select(IssueReport.id).where(IssueReport.issue_id == issue.id).order_by(IssueReport.id).limit(1)
    )
    if issue.issue_type == IssueType.OFFLINE and first == report_id:
        enqueue(station_jobs.CHECK_STATION_CONNECTIVITY, issue_id=str(issue.id), command_id=None)
    publish(
        StationIssueReported(
            issue_id=issue.id,
            report_id=report_id,
            user_id=claimed.user_id,
            station_sn=issue.station_sn,
            issue_type=issue.issue_type,
            priority=issue.priority,
            first=first == report_id,
        )
    )


def check_station_connectivity(issue_id: UUID, command_id: UUID | None, *, now: datetime) -> None:
    """Check whether the station of an issue that says `offline` can be reached.

    The first call sends the station a command; the second call, with the command's id, notes whether it answered.
    """
    session = open_session()
    issue = session.get(StationIssue, issue_id, with_for_update={"of": StationIssue}, populate_existing=True)
    if issue is None or issue.resolved_at is not None:
        return
    if command_id is None:
        command = commands.request_command(
            station_id=issue.station_id,
            command=CommandName.GET_STATUS,
            parameters={},
            requested_by=f"issue:{issue_id}",
            now=now,
            deadline_seconds=ANSWER_SECONDS,
        )
        enqueue(
            station_jobs.CHECK_STATION_CONNECTIVITY,
            at=command.deadline + timedelta(seconds=1),
            issue_id=str(issue_id),
            command_id=str(command.id),
        )
        return
    answered = session.get_one(StationCommand, command_id).status == CommandStatus.SUCCEEDED
    issue.connectivity = presence.describe_connectivity(issue.station_id, now=now) | {
        "checked_at": format_time(now),
        "answered": answered,
    }


def resolve_issue(issue_id: UUID, *, resolution: str, by: str, now: datetime) -> StationIssue:
    """Settle an issue, and tell everybody who reported it."""
    issue = open_session().get(StationIssue, issue_id, with_for_update={"of": StationIssue}, populate_existing=True)
    if issue is None:
        raise NotFoundError("issue")
    if issue.resolved_at is not None:
        raise ConflictError("already_resolved", "Somebody has settled this already.")
    issue.resolved_at, issue.resolved_by, issue.resolution = now, by, resolution
    for reporter in open_session().scalars(
        select(IssueReport.user_id).where(IssueReport.issue_id == issue.id).distinct().order_by(IssueReport.user_id)
    ):
        publish(
            StationIssueResolved(
                user_id=reporter, issue_id=issue.id, station_sn=issue.station_sn, station=issue.station.name
            )
        )
    return issue


def describe_reported_station(_user_id: UUID, event: Mapping[str, Scalar]) -> dict[str, Scalar] | None:
    """Find the station's name for the notice that thanks for a report. None: the station is gone by now."""
    name = db.session.scalar(select(Station.name).where(Station.sn == event["station_sn"]))
    return None if name is None else {"station": name}
