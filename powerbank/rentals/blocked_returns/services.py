"""Blocked returns: a person stands at a station that does not take the power bank back. The meter stands still while
they walk to the next one, where a slot is kept for them.

The rental is locked first, then power banks and slots; the live rows of stations come last and together.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update

from powerbank.base.clock import format_time
from powerbank.base.db import first_id_of, new_id, open_session
from powerbank.base.errors import TooManyError
from powerbank.content import app_config
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.rentals import errors, transitions
from powerbank.rentals import queries as rental_queries
from powerbank.rentals.blocked_returns import consequences, next_station, pauses, queries, verdicts
from powerbank.rentals.blocked_returns.errors import station_needed
from powerbank.rentals.blocked_returns.events import ReturnPauseOver
from powerbank.rentals.blocked_returns.models import BlockedReturn, BlockOutcome, BlockReason, BlockStatus
from powerbank.rentals.models import Rental
from powerbank.rentals.states import OUT
from powerbank.stations.availability import kept_slots, live_rows
from powerbank.stations.availability.kept_slots import Place
from powerbank.stations.issues import photos
from powerbank.stations.models import Station
from powerbank.stations.registry.queries import find_station

MOST_REPORTS = 20  # of one rental
PLACE_KEPT_FOR = timedelta(days=30)


@live_rows.delay_refresh()
def report_blocked_return(
    rental_id: UUID,
    *,
    user_id: UUID,
    station_sn: str,
    lat: float | None,
    lng: float | None,
    photo: bytes | None,
    now: datetime,
) -> BlockedReturn:
    """Stop the meter if what is known of the station does not disprove the report, and keep a slot elsewhere.

    While the meter stands still already, the same pause comes back. If the station where a slot is kept is blocked too,
    a slot is kept at another one.
    """
    rental = rental_queries.lock_rental_of_user(rental_id, user_id)
    _refuse_unless_out(rental)
    station = find_station(station_sn)
    if queries.count_reports(rental.id) >= MOST_REPORTS:
        raise TooManyError(int(timedelta(hours=1).total_seconds()))
    running = _find_running(rental, now=now)
    if running is not None and station.id in (running.station_id, *next_station.stations_left(running)):
        return running  # the same report again
    reason = verdicts.judge_station(station, rental, now=now)
    if running is not None and reason != BlockReason.SLOTS_FREE:
        if running.go_to_station_id == station.id:
            consequences.report_issue(rental, station, reason, now)
            next_station.move_to_another_slot(rental, running, now=now, blocked=station.id)
        return running
    if reason != BlockReason.SLOTS_FREE and queries.has_paused_before(rental.id):
        reason = BlockReason.USED_BEFORE
    block = _new_block(rental, station, reason, now=now, place=_place(lat, lng))
    photos.save_photo(photo, subject_id=block.id, user_id=user_id, now=now)
    consequences.report_issue(rental, station, reason, now)
    if block.status == BlockStatus.GRANTED:
        _begin_pause(rental, block, now=now)
    else:
        transitions.note_event(
            rental, "return_block_refused", cause=f"user:{user_id}", at=now, station=station.sn, reason=reason.value
        )
        consequences.tell_of_false_alarms(user_id, reason, now)
    consequences.publish_block(rental, block, station)
    return block


@live_rows.delay_refresh()
def grant_by_staff(rental_id: UUID, *, station_sn: str | None, by: str, now: datetime) -> BlockedReturn:
    """Stop the meter once more, as staff decided, or let the pause that runs last for its full time from now."""
    rental = rental_queries.lock_rental(rental_id)
    _refuse_unless_out(rental)
    running = _find_running(rental, now=now)
    if running is not None:
        running.paused_until = rental.paused_until = now + _length()
        kept_slots.keep_longer(running.id, until=running.paused_until)
        _plan_end(running)
        transitions.note_event(
            rental, "pause_extended", cause=by, at=now, paused_until=format_time(running.paused_until)
        )
        return running
    station = _station_for_staff(rental, station_sn)
    block = _new_block(rental, station, BlockReason.BY_STAFF, now=now, granted_by=by)
    _begin_pause(rental, block, now=now)
    consequences.publish_block(rental, block, station)
    return block


def end_return_pause(block_id: UUID, *, now: datetime) -> None:
    """Let the meter go on as if it had not stopped, because nothing came back in time.

    A power bank that is back already ends the pause with its rental: times decide, and its job may be late.
    """
    rental, block = queries.lock_block(block_id)
    if rental is None or block is None or block.outcome != BlockOutcome.OPEN:
        return
    if block.paused_until is None or block.paused_until > now:
        return
    if rental.status in OUT and rental_queries.is_bank_back(rental):
        kept_slots.release_slot(block.id)
        return
    _let_lapse(rental, block, now=now)


def forget_old_places(*, now: datetime) -> None:
    """Forget where people stood who reported a month ago.

    Each night has a day of them to forget, and looks through a week.
    """
    open_session().execute(
        update(BlockedReturn)
        .where(
            BlockedReturn.id >= first_id_of(now - PLACE_KEPT_FOR - timedelta(days=7)),
            BlockedReturn.id < first_id_of(now - PLACE_KEPT_FOR),
            BlockedReturn.lat.is_not(None),
        )
        .values(lat=None, lng=None)
    )


def _begin_pause(rental: Rental, block: BlockedReturn, *, now: datetime) -> None:
    """Stop the meter of a rental, and keep a slot at the nearest station that has some."""
    rental.paused_from, rental.paused_until = block.paused_from, block.paused_until
    next_station.keep_slot(block, now=now)
    _plan_end(block)
    assert block.paused_until is not None  # noqa: S101 (CHECK pause)
    transitions.note_event(
        rental,
        "return_blocked",
        cause=block.granted_by or f"user:{rental.user_id}",
        at=now,
        station=open_session().get_one(Station, block.station_id).sn,
        reason=block.reason,
        paused_until=format_time(block.paused_until),
        **next_station.go_to_for_log(block),
    )


def _find_running(rental: Rental, *, now: datetime) -> BlockedReturn | None:
    """Return the pause that runs. One whose time is over ends here, if its job has not come to it yet."""
    block = queries.find_open_block(rental.id)
    if block is None or block.paused_until is None:
        return None
    if block.paused_until > now:
        return block
    _let_lapse(rental, block, now=now)
    return None


def _let_lapse(rental: Rental, block: BlockedReturn, *, now: datetime) -> None:
    pauses.close_as_over(block)
    open_session().flush()  # a new pause may begin in this transaction, and one is open at a time
    if rental.status in OUT:
        transitions.note_event(rental, "pause_over", cause="rentals", at=block.paused_until or now)
        publish(ReturnPauseOver(**transitions.event_fields(rental), block_id=block.id))


def _new_block(
    rental: Rental,
    station: Station,
    reason: BlockReason,
    *,
    now: datetime,
    place: Place | None = None,
    granted_by: str | None = None,
) -> BlockedReturn:
    granted = reason not in (BlockReason.SLOTS_FREE, BlockReason.USED_BEFORE)
    block = BlockedReturn(
        id=new_id(),
        rental_id=rental.id,
        user_id=rental.user_id,
        station_id=station.id,
        reported_at=now,
        lat=place.lat if place else None,
        lng=place.lng if place else None,
        granted_by=granted_by,
        status=BlockStatus.GRANTED if granted else BlockStatus.REFUSED,
        reason=reason,
        paused_from=now if granted else None,
        paused_until=now + _length() if granted else None,
        outcome=BlockOutcome.OPEN if granted else None,
        kept_at=[],
    )
    open_session().add(block)
    open_session().flush()
    return block


def _refuse_unless_out(rental: Rental) -> None:
    """Refuse where no meter runs that could stop."""
    if rental.status not in OUT or rental.came_late or rental.provisional or rental_queries.is_bank_back(rental):
        raise errors.rental_over(rental.status)


def _station_for_staff(rental: Rental, station_sn: str | None) -> Station:
    """Return the station that staff name, or the one that the person reported last."""
    if station_sn is not None:
        return find_station(station_sn)
    last = queries.find_newest_report(rental.id)
    if last is None:
        raise station_needed()
    return open_session().get_one(Station, last.station_id)


def _place(lat: float | None, lng: float | None) -> Place | None:
    return None if lat is None or lng is None else Place(lat, lng)


def _length() -> timedelta:
    return timedelta(minutes=app_config.current().blocked_return_minutes)


def _plan_end(block: BlockedReturn) -> None:
    enqueue(rental_jobs.END_RETURN_PAUSE, at=block.paused_until, block_id=str(block.id))
