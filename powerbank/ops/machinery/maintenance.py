"""What was done to the whole system, as `scripts/manage` notes it and the metrics show it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select

from powerbank.base.db import db, new_id, open_session
from powerbank.ops.models import MaintenanceKind, MaintenanceRun

KEPT_FOR = timedelta(days=400)


class LastRuns(NamedTuple):
    kind: MaintenanceKind
    succeeded_at: datetime | None  # the end of the last one that went well
    finished_at: datetime  # the end of the last one, however it went


def note_run(
    kind: MaintenanceKind, *, version: str, started_at: datetime, finished_at: datetime, succeeded: bool, detail: str
) -> None:
    """Note one run, and forget those of more than a year ago."""
    session = open_session()
    session.execute(delete(MaintenanceRun).where(MaintenanceRun.finished_at < finished_at - KEPT_FOR))
    session.add(
        MaintenanceRun(
            id=new_id(),
            kind=kind,
            version=version,
            started_at=started_at,
            finished_at=max(finished_at, started_at),
            succeeded=succeeded,
            detail=detail,
        )
    )


def read_last_runs() -> list[LastRuns]:
    query = select(
        MaintenanceRun.kind,
        func.max(MaintenanceRun.finished_at).filter(MaintenanceRun.succeeded),
        func.max(MaintenanceRun.finished_at),
    ).group_by(MaintenanceRun.kind)
    return [LastRuns(*row) for row in db.session.execute(query)]
