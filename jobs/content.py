"""The job that publishes a text at its time."""

from datetime import datetime
from uuid import UUID

from powerbank.base.db import utcnow
from powerbank.content import services


def publish_content(*, revision_id: str, planned_for: str | None = None) -> None:
    """Publish a text at its time. Jobs from before plans could change have no `planned_for`."""
    at = datetime.fromisoformat(planned_for) if planned_for else None
    services.publish_revision(UUID(revision_id), now=utcnow(), planned_for=at)
