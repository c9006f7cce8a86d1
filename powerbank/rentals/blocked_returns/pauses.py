"""The pause of the meter: how it ends, and up to when a return in time is billed. The caller has locked the rental.

This is all that the rest of a rental needs of blocked returns.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_

from powerbank.rentals import transitions
from powerbank.rentals.blocked_returns import queries
from powerbank.rentals.blocked_returns.models import BlockedReturn, BlockOutcome
from powerbank.rentals.models import Rental
from powerbank.stations.availability import kept_slots


def is_running(now: datetime) -> ColumnElement[bool]:
    """Make the condition that the meter of a rental stands still now."""
    return and_(Rental.paused_until.is_not(None), Rental.paused_until >= now)


def is_not_running(now: datetime) -> ColumnElement[bool]:
    """Make the opposite condition, which is also true of a rental that never had a pause."""
    return or_(Rental.paused_until.is_(None), Rental.paused_until < now)


def end_of_billing(rental: Rental, *, station_id: UUID, returned_at: datetime) -> datetime:
    """Return up to when a return is billed: up to the block if it came in time, where a slot was kept for it.

    Where no slot could be kept, any station will do. A pause that was not used ends as if it had never been. Times
    decide, not when the station told of the return.
    """
    if rental.paused_from is None:
        return returned_at
    block = queries.find_block_at(rental.id, returned_at)
    if block is None or block.paused_from is None:
        return returned_at
    if block.go_to_station_id is not None and station_id not in block.kept_at:
        return returned_at
    _close(block, BlockOutcome.RETURNED)
    transitions.note_event(rental, "pause_used", cause="station", at=returned_at)  # what ends earlier is the billing
    return block.paused_from


def end_pause(rental: Rental, *, now: datetime) -> None:
    """End a pause that runs, because the rental goes on otherwise: it is extended, lost or ended by staff."""
    if rental.paused_until is None:
        return
    block = queries.find_open_block(rental.id)
    if block is None:
        return
    _close(block, BlockOutcome.ENDED)
    assert rental.paused_from is not None  # noqa: S101 (CHECK pause)
    if rental.paused_from < now < rental.paused_until:
        rental.paused_until = now


def close_as_over(block: BlockedReturn) -> None:
    """End a pause in which nothing came back."""
    _close(block, BlockOutcome.OVER)


def _close(block: BlockedReturn, outcome: BlockOutcome) -> None:
    block.outcome = outcome
    kept_slots.release_slot(block.id)
