"""The queries of blocked returns."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import db, first_id_of, open_session
from powerbank.rentals import queries as rental_queries
from powerbank.rentals.blocked_returns.models import BlockedReturn, BlockOutcome, BlockReason, BlockStatus
from powerbank.rentals.models import Rental

SHOWN = (BlockOutcome.OPEN, BlockOutcome.RETURNED)


def find_open_block(rental_id: UUID) -> BlockedReturn | None:
    """Return the pause of a locked rental that runs, or whose end is not written yet."""
    query = select(BlockedReturn).where(
        BlockedReturn.rental_id == rental_id, BlockedReturn.outcome == BlockOutcome.OPEN
    )
    return open_session().scalar(query.execution_options(populate_existing=True))


def find_block_at(rental_id: UUID, at: datetime) -> BlockedReturn | None:
    """Return the newest pause of a rental during which this time lies, whatever became of it."""
    query = (
        select(BlockedReturn)
        .where(
            BlockedReturn.rental_id == rental_id,
            BlockedReturn.status == BlockStatus.GRANTED,
            BlockedReturn.outcome != BlockOutcome.ENDED,
            BlockedReturn.paused_from <= at,
            BlockedReturn.paused_until >= at,
        )
        .order_by(BlockedReturn.id.desc())
        .limit(1)
    )
    return open_session().scalar(query.execution_options(populate_existing=True))


def has_paused_before(rental_id: UUID) -> bool:
    """Tell whether the person has stopped the meter of this rental once already."""
    query = select(BlockedReturn.id).where(
        BlockedReturn.rental_id == rental_id,
        BlockedReturn.status == BlockStatus.GRANTED,
        BlockedReturn.granted_by.is_(None),
    )
    return open_session().scalar(query) is not None


def count_reports(rental_id: UUID) -> int:
    return open_session().scalar(select(func.count()).where(BlockedReturn.rental_id == rental_id)) or 0


def find_newest_report(rental_id: UUID) -> BlockedReturn | None:
    query = select(BlockedReturn).where(BlockedReturn.rental_id == rental_id).order_by(BlockedReturn.id.desc()).limit(1)
    return open_session().scalar(query)


def count_disproved(user_id: UUID, *, now: datetime, within: timedelta) -> int:
    """Count the reports of a person about stations that were seen with free slots."""
    query = select(func.count()).where(
        BlockedReturn.user_id == user_id,
        BlockedReturn.id >= first_id_of(now - within),
        BlockedReturn.status == BlockStatus.REFUSED,
        BlockedReturn.reason == BlockReason.SLOTS_FREE,
    )
    return open_session().scalar(query) or 0


def blocks_to_show(rentals: Collection[Rental]) -> Sequence[BlockedReturn]:
    """Return the pauses of these rentals that run or were used, the newest last. Most rentals never had one."""
    paused = [each.id for each in rentals if each.paused_until is not None]
    if not paused:
        return ()
    query = select(BlockedReturn).where(BlockedReturn.rental_id.in_(paused), BlockedReturn.outcome.in_(SHOWN))
    return db.session.scalars(query.order_by(BlockedReturn.id)).all()


def find_rental_of_block(block_id: UUID) -> UUID | None:
    return open_session().scalar(select(BlockedReturn.rental_id).where(BlockedReturn.id == block_id))


def lock_block(block_id: UUID) -> tuple[Rental | None, BlockedReturn | None]:
    """Lock the rental of a report, and return both as they are now."""
    rental_id = find_rental_of_block(block_id)
    if rental_id is None:
        return None, None
    rental = rental_queries.lock_rental(rental_id)
    return rental, open_session().get(BlockedReturn, block_id, populate_existing=True)
