from uuid import UUID

from powerbank.db import utcnow
from powerbank.stations import issues


def process_station_issue(*, report_id: str) -> None:
    issues.process(UUID(report_id), now=utcnow())
