"""A reservation as its person sees it: the row together with its station and what it costs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from powerbank.rentals.reservations import fees, queries
from powerbank.rentals.reservations.models import Reservation, ReservationStatus
from powerbank.stations.models import Station


@dataclass(frozen=True)
class ReservationCard:
    """A reservation together with the values that the API shows beside it. Amounts are in paisa."""

    reservation: Reservation
    station: Station
    status: str
    fee: int
    fee_so_far: int


def card_of_reservation(reservation: Reservation, *, now: datetime) -> ReservationCard:
    return _cards([reservation], now)[0]


def user_card_page(user_id: UUID, *, now: datetime, **arguments: Any) -> dict[str, Any]:
    """Return one page of a person's reservations as cards, newest first."""
    page = queries.reservation_page(user_id, **arguments)
    return page | {"items": _cards(page["items"], now)}


def _cards(reservations: list[Reservation], now: datetime) -> list[ReservationCard]:
    stations = queries.stations_of(reservations)
    return [_card(each, stations[each.station_id], now) for each in reservations]


def _card(reservation: Reservation, station: Station, now: datetime) -> ReservationCard:
    """Show a reservation whose time is over as expired, also in the moment before its end is written."""
    is_active = reservation.status == ReservationStatus.ACTIVE
    is_over = is_active and reservation.expires_at <= now
    return ReservationCard(
        reservation=reservation,
        station=station,
        status=ReservationStatus.EXPIRED if is_over else reservation.status,
        fee=fees.fee_shown(reservation),
        fee_so_far=fees.fee_until(reservation, now) if is_active else reservation.fee,
    )
