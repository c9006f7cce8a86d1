from uuid import UUID

from powerbank.content import services
from powerbank.db import utcnow


def publish_content(*, revision_id: str) -> None:
    services.publish_revision(UUID(revision_id), now=utcnow())
