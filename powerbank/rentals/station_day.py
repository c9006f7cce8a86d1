"""The rentals that began at a station since a moment, what was paid for them, and how many starts it refused."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from powerbank.base.db import db, first_id_of
from powerbank.rentals import cards
from powerbank.rentals.cards import RentalCard
from powerbank.rentals.models import Rental
from powerbank.rentals.start.queries import count_refused_starts
from powerbank.rentals.states import OUT, Status
from powerbank.stations.models import Station

MOST = 500  # of one station in one day: more than it has slots for


@dataclass(frozen=True)
class StationDay:
    rentals: list[RentalCard]  # newest first
    refused: int  # starts

    @property
    def started(self) -> int:
        return sum(card.rental.started_at is not None for card in self.rentals)

    @property
    def failed(self) -> int:
        return sum(card.rental.status == Status.FAILED for card in self.rentals)

    @property
    def out(self) -> int:
        return sum(card.rental.status in OUT for card in self.rentals)

    @property
    def paid(self) -> int:
        return sum(card.amount_paid for card in self.rentals)

    @property
    def due(self) -> int:
        return sum(card.due_amount for card in self.rentals)


def read_station_day(station: Station, *, since: datetime, now: datetime) -> StationDay:
    of_station = select(Rental).where(Rental.station_id == station.id, Rental.id >= first_id_of(since))
    rentals = db.session.scalars(of_station.order_by(Rental.id.desc()).limit(MOST)).all()
    return StationDay(cards.cards_of_rentals(rentals, now=now), count_refused_starts(station.sn, since=since))
