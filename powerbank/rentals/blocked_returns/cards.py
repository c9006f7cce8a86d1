"""A blocked return as its person sees it, with the way to the station where a slot is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db
from powerbank.rentals.blocked_returns import queries
from powerbank.rentals.blocked_returns.models import BlockedReturn
from powerbank.rentals.blocked_returns.next_station import place_of_block
from powerbank.rentals.models import Rental
from powerbank.stations.availability.kept_slots import Place
from powerbank.stations.models import Station


@dataclass(frozen=True)
class BlockCard:
    """A blocked return together with the values that the API shows beside it."""

    block: BlockedReturn
    station: Station
    go_to: dict[str, Any] | None


def card_of_block(block: BlockedReturn) -> BlockCard:
    return _cards([block])[0]


def pauses_of_rentals(rentals: Collection[Rental]) -> dict[UUID, BlockCard]:
    """Return the pause of each of these rentals that has one which runs or was used."""
    return {each.block.rental_id: each for each in _cards(queries.blocks_to_show(rentals))}


def _cards(blocks: Collection[BlockedReturn]) -> list[BlockCard]:
    places = {each.station_id for each in blocks} | {each.go_to_station_id for each in blocks}
    if not places:
        return []
    stations = {each.id: each for each in db.session.scalars(select(Station).where(Station.id.in_(places - {None})))}
    return [BlockCard(each, stations[each.station_id], _go_to(each, stations)) for each in blocks]


def _go_to(block: BlockedReturn, stations: dict[UUID, Station]) -> dict[str, Any] | None:
    if block.go_to_station_id is None:
        return None
    there, here = stations[block.go_to_station_id], place_of_block(block, stations[block.station_id])
    return {
        "station_sn": there.sn,
        "name": there.name,
        "address": there.address,
        "lat": there.lat,
        "lng": there.lng,
        "slot_number": block.go_to_slot,
        "distance_m": here.distance_to(Place(there.lat, there.lng)),
    }
