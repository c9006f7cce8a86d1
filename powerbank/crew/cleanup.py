"""Delete what the crew's tables need no longer: old history of tasks, old openings, prints of photos that are gone."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from powerbank.base.db import first_id_of, open_session
from powerbank.crew.tasks.models import PhotoPrint, TaskEvent

KEEP_EVENTS = timedelta(days=400)
KEEP_PRINTS = timedelta(days=400)  # longer than photos, so that an old one is known again
AT_ONCE = 5000


def delete_old_events(*, now: datetime) -> int:
    """Delete a batch of the history of tasks. 0 means that none is left."""
    old = select(TaskEvent.id).where(TaskEvent.id < first_id_of(now - KEEP_EVENTS)).limit(AT_ONCE)
    deleted = open_session().execute(delete(TaskEvent).where(TaskEvent.id.in_(old)))
    return int(deleted.rowcount)  # type: ignore[attr-defined]


def delete_old_prints(*, now: datetime) -> int:
    """Delete a batch of old prints. 0 means that none is left."""
    old = select(PhotoPrint.id).where(PhotoPrint.id < first_id_of(now - KEEP_PRINTS)).limit(AT_ONCE)
    deleted = open_session().execute(delete(PhotoPrint).where(PhotoPrint.id.in_(old)))
    return int(deleted.rowcount)  # type: ignore[attr-defined]
