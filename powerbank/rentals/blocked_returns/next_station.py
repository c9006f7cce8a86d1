"""Where a person is to go whose return was blocked: a slot is kept at the nearest station, and another one if somebody
uses it or the station fails."""

from datetime import datetime
from uuid import UUID

from powerbank.base.db import open_session
from powerbank.outbox.enqueue import publish
from powerbank.rentals import queries as rental_queries
from powerbank.rentals import transitions
from powerbank.rentals.blocked_returns import queries
from powerbank.rentals.blocked_returns.events import ReturnSlotMoved
from powerbank.rentals.blocked_returns.models import BlockedReturn, BlockOutcome
from powerbank.rentals.models import Rental
from powerbank.stations.availability import kept_slots, live_rows
from powerbank.stations.availability.kept_slots import Place
from powerbank.stations.models import Station


def move_kept_slot(block_id: UUID, *, now: datetime) -> None:
    """Keep another slot if the one that was kept is used or cannot be reached, or tell the person that none is left."""
    rental, block = queries.lock_block(block_id)
    if rental is None or block is None or block.outcome != BlockOutcome.OPEN or block.go_to_station_id is None:
        return
    if block.paused_until is None or block.paused_until <= now or rental_queries.is_bank_back(rental):
        return
    if not kept_slots.is_still_kept(block.id, block.go_to_station_id, now=now):
        move_to_another_slot(rental, block, now=now)


def move_to_another_slot(rental: Rental, block: BlockedReturn, *, now: datetime, blocked: UUID | None = None) -> None:
    """Keep another slot for a pause that runs, and tell the person where, or that there is none."""
    with live_rows.delay_refresh():
        kept_slots.release_slot(block.id)
        keep_slot(block, now=now, without=blocked)
    transitions.note_event(rental, "return_slot_moved", cause="rentals", at=now, **go_to_for_log(block))
    assert block.paused_until is not None  # noqa: S101 (CHECK pause)
    publish(
        ReturnSlotMoved(
            **transitions.event_fields(rental),
            block_id=block.id,
            paused_until=block.paused_until,
            go_to=name_of_go_to(block),
            slot_number=block.go_to_slot or 0,
            has_slot=block.go_to_slot is not None,
        )
    )


def keep_slot(block: BlockedReturn, *, now: datetime, without: UUID | None = None) -> None:
    station = open_session().get_one(Station, block.station_id)
    assert block.paused_until is not None  # noqa: S101 (CHECK pause)
    kept = kept_slots.keep_nearest_slot(
        place_of_block(block, station),
        holder_id=block.id,
        until=block.paused_until,
        now=now,
        without={block.station_id, *([without] if without else [])},
    )
    block.go_to_station_id = kept.station_id if kept else None
    block.go_to_slot = kept.slot_number if kept else None
    if kept is not None and kept.station_id not in block.kept_at:
        block.kept_at = [*block.kept_at, kept.station_id]


def place_of_block(block: BlockedReturn, station: Station) -> Place:
    """Return where the person stands: where their phone says, or at the station that they named."""
    if block.lat is None or block.lng is None:
        return Place(station.lat, station.lng)
    return Place(block.lat, block.lng)


def go_to_for_log(block: BlockedReturn) -> dict[str, object]:
    if block.go_to_station_id is None:
        return {}
    return {"go_to": open_session().get_one(Station, block.go_to_station_id).sn, "go_to_slot": block.go_to_slot}


def name_of_go_to(block: BlockedReturn) -> str:
    return "" if block.go_to_station_id is None else open_session().get_one(Station, block.go_to_station_id).name


def stations_left(block: BlockedReturn) -> list[UUID]:
    """Return the stations that were blocked before, after a slot had been kept there."""
    return [each for each in block.kept_at if each != block.go_to_station_id]
