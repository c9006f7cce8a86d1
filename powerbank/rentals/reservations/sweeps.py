"""The steps of the sweep of each minute over the reservations: what is over ends, what the station cannot give is lost,
and the last power bank of a station is not kept for long."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, column, exists, or_, select, table

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.rentals.reservations import services
from powerbank.rentals.reservations.models import Reservation, ReservationStatus
from powerbank.rentals.sweeps import Step
from powerbank.stations.availability import presence
from powerbank.stations.availability.alerts import SETTLING_TIME
from powerbank.stations.messages.models import StationState
from powerbank.stations.models import Station, StationLive

# The sweep runs each minute, so a bank that it finds to be the last one may have been so for a minute already.
BETWEEN_SWEEPS = timedelta(minutes=1)

_FIT = table("fit_banks", column("station_id"), column("bank_id"))


def reservation_steps(now: datetime) -> tuple[Step, ...]:
    """Return the steps in the order in which they run."""
    active = Reservation.status == ReservationStatus.ACTIVE
    is_fit = exists().where(_FIT.c.station_id == Reservation.station_id, _FIT.c.bank_id == Reservation.bank_id)
    is_last = exists().where(StationLive.station_id == Reservation.station_id, StationLive.available_banks == 0)
    has_hours = exists().where(StationLive.station_id == Reservation.station_id, StationLive.hours.is_not(None))
    last_bank_until = now + services.LAST_BANK_FOR - BETWEEN_SWEEPS
    return (
        Step(
            and_(active, Reservation.expires_at <= now),
            lambda found: services.expire_reservation(found, now=now),
            of=Reservation,
        ),
        Step(
            and_(active, or_(~is_fit, ~_station_serves(now))),
            lambda found: _replace_bank(found, now),
            of=Reservation,
        ),
        Step(
            and_(active, has_hours),
            lambda found: services.lose_if_closed(found, now=now),
            of=Reservation,
        ),
        Step(
            and_(active, is_last, Reservation.expires_at > last_bank_until),
            lambda found: services.shorten_reservation(found, expires_at=last_bank_until),
            of=Reservation,
        ),
    )


def _replace_bank(reservation_id: UUID, now: datetime) -> None:
    serving = select(Reservation.id).where(Reservation.id == reservation_id, _station_serves(now))
    services.replace_bank(
        reservation_id,
        min_battery=app_config.current().min_eject_battery,
        is_serving=open_session().scalar(serving) is not None,
        now=now,
    )


def _station_serves(now: datetime) -> ColumnElement[bool]:
    """Make the condition that the station of a reservation hands out power banks.

    A station that went away for a moment keeps its reservations.
    """
    has_just_gone = exists().where(StationState.station_id == Station.id, StationState.changed_at > now - SETTLING_TIME)
    return exists().where(
        Station.id == Reservation.station_id,
        StationLive.station_id == Station.id,
        Station.active,
        Station.rent_enabled,
        ~Station.maintenance,
        or_(StationLive.online, has_just_gone),
        StationLive.last_seen >= now - presence.make_silence_limit(),
    )
