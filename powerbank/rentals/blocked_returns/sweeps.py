"""The steps of the sweep of each minute over blocked returns: pauses end, and slots that are of no use are replaced."""

from datetime import datetime

from sqlalchemy import and_

from powerbank.rentals.blocked_returns import next_station, services
from powerbank.rentals.blocked_returns.models import BlockedReturn, BlockOutcome
from powerbank.rentals.sweeps import Step


def blocked_return_steps(now: datetime) -> tuple[Step, ...]:
    """Return the steps in the order in which they run. Few pauses run at a time, so each of their slots is checked."""
    is_open = BlockedReturn.outcome == BlockOutcome.OPEN
    return (
        Step(
            and_(is_open, BlockedReturn.paused_until <= now),
            lambda found: services.end_return_pause(found, now=now),
            of=BlockedReturn,
        ),
        Step(
            and_(is_open, BlockedReturn.paused_until > now, BlockedReturn.go_to_station_id.is_not(None)),
            lambda found: next_station.move_kept_slot(found, now=now),
            of=BlockedReturn,
        ),
    )
