"""Reservations: a power bank is kept for a person who walks to its station, and becomes their rental there.

The promise of the bank is the row that a rental has too, so that no bank is promised twice. Locks are taken in this
order: the rental, the accounts of the person, the reservation, the power bank, the live row of the station.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.database_errors import refusing_on
from powerbank.base.db import new_id, open_session
from powerbank.ledger.accounts import Kind
from powerbank.live import changes
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.rentals.charges import billing
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations import errors, fees, queries
from powerbank.rentals.reservations.events import ReservationExpired, ReservationLost, ReservationShortened
from powerbank.rentals.reservations.models import Reservation, ReservationStatus
from powerbank.rentals.start.eligibility import admit_user
from powerbank.stations.availability.eligibility import (
    find_rentable_package,
    find_rentable_station,
    is_station_renting,
)
from powerbank.stations.custody import services as banks
from powerbank.stations.errors import StationRefusedError
from powerbank.stations.models import Station, StationLive
from powerbank.stations.packages.models import PaymentModel
from powerbank.stations.public.gbfs import LONGEST_RESERVATION
from powerbank.stations.registry.opening_hours import is_open

MOST_MINUTES = LONGEST_RESERVATION  # the open data tell it, and the table holds it
MOST_UNUSED_A_DAY = 3
# The last power bank of a station is kept no longer than this.
LAST_BANK_FOR = timedelta(minutes=5)


def reserve_bank(*, user_id: UUID, station_sn: str, package_id: UUID, minutes: int, now: datetime) -> Reservation:
    """Keep the best power bank of a station for a person, and hold the most that it may cost."""
    admitted = admit_user(user_id)
    if admitted.reservation_id is not None:
        _refuse_unless_over(admitted.reservation_id, now=now)
    if queries.count_unused_today(user_id, now=now) >= MOST_UNUSED_A_DAY:
        raise errors.too_many_reservations(retry_after=queries.seconds_until_tomorrow(now))
    station = find_rentable_station(station_sn, now=now)
    package = find_rentable_package(package_id, station)
    reservation_id, rules = new_id(), admitted.rules
    bank = banks.promise_best_bank(station.id, holder_id=reservation_id, min_battery=rules.min_eject_battery)
    lasts = timedelta(minutes=minutes)
    reservation = Reservation(
        id=reservation_id,
        user_id=user_id,
        station_id=station.id,
        package_id=package.id,
        bank_id=bank.bank_id,
        slot_number=bank.slot_number,
        status=ReservationStatus.ACTIVE,
        minutes=minutes,
        created_at=now,
        free_until=now + timedelta(minutes=rules.reservation_free_minutes),
        expires_at=now + (lasts if _has_more_banks(station.id) else min(lasts, LAST_BANK_FOR)),
        rate=rules.reservation_rate,
        fee=0,
    )
    fees.hold_fee(reservation, admitted.funds)
    with refusing_on({"uq_reservations_active": errors.reservation_exists()}):
        open_session().add(reservation)
        open_session().flush()
    _plan_expiry(reservation)
    _announce(reservation)
    return reservation


def cancel_by_user(reservation_id: UUID, *, user_id: UUID, now: datetime) -> Reservation:
    """Give the power bank back to everybody. The minutes so far are paid; to cancel twice changes nothing."""
    queries.reservation_of_user(reservation_id, user_id)
    billing.lock_funds(user_id)
    reservation = queries.lock_reservation(reservation_id)
    if reservation.status == ReservationStatus.USED:
        raise errors.reservation_over(reservation.status)
    if reservation.status == ReservationStatus.ACTIVE:
        _end(reservation, _status_when_given_up(reservation, now), now=now)
    return reservation


def expire_reservation(reservation_id: UUID, *, now: datetime) -> None:
    """End a reservation whose time is over, and tell its person."""
    reservation = _lock(reservation_id)
    if reservation is None or reservation.status != ReservationStatus.ACTIVE or reservation.expires_at > now:
        return
    if not _could_be_used(reservation, now):  # the sweep has not come to it in time
        _lose(reservation, now=now)
        return
    _end(reservation, ReservationStatus.EXPIRED, now=now)
    station = open_session().get_one(Station, reservation.station_id).name
    publish(
        ReservationExpired(
            reservation_id=reservation.id,
            user_id=reservation.user_id,
            station=station,
            amount=reservation.fee,
            has_fee=reservation.fee > 0,
        )
    )


def shorten_reservation(reservation_id: UUID, *, expires_at: datetime) -> None:
    """Let a reservation end earlier, because its power bank has become the last one of the station."""
    reservation = _lock(reservation_id)
    if reservation is None or reservation.status != ReservationStatus.ACTIVE or reservation.expires_at <= expires_at:
        return
    if _has_more_banks(reservation.station_id):
        return
    reservation.expires_at = max(expires_at, reservation.created_at)
    _plan_expiry(reservation)
    _announce(reservation)
    publish(
        ReservationShortened(
            reservation_id=reservation.id,
            user_id=reservation.user_id,
            station=open_session().get_one(Station, reservation.station_id).name,
            kept_until=reservation.expires_at,
        )
    )


def replace_bank(reservation_id: UUID, *, min_battery: int, is_serving: bool, now: datetime) -> None:
    """Keep another power bank of the station, because the kept one cannot be handed out any more.

    Where the station has none, or does not serve, the reservation is lost: it costs nothing, and its person is told.
    """
    reservation = _lock(reservation_id)
    if reservation is None or reservation.status != ReservationStatus.ACTIVE:
        return
    banks.end_promise(reservation.id)
    if is_serving:
        try:
            bank = banks.promise_best_bank(reservation.station_id, holder_id=reservation.id, min_battery=min_battery)
        except StationRefusedError:
            pass
        else:
            reservation.bank_id, reservation.slot_number = bank.bank_id, bank.slot_number
            _announce(reservation)
            return
    _lose(reservation, now=now)


def lose_if_closed(reservation_id: UUID, *, now: datetime) -> None:
    """End a reservation whose station has closed meanwhile. It costs nothing, and its person is told."""
    reservation = _lock(reservation_id)
    if reservation is None or reservation.status != ReservationStatus.ACTIVE:
        return
    live = open_session().get_one(StationLive, reservation.station_id)
    if not is_open(live.hours, live.timezone, now):
        _lose(reservation, now=now)


def find_for_rental(reservation_id: UUID | None, station_id: UUID, *, now: datetime) -> Reservation | None:
    """Lock and return the reservation with which a rental begins at this station.

    One that is over, or that keeps a power bank elsewhere, ends here: the person rents without it. The accounts of the
    person are locked.
    """
    if reservation_id is None:
        return None
    reservation = queries.lock_reservation(reservation_id)
    if reservation.status != ReservationStatus.ACTIVE:
        return None
    if reservation.expires_at > now and reservation.station_id == station_id:
        return reservation
    _end(reservation, _status_when_given_up(reservation, now), now=now)
    return None


def charge_for_rental(reservation: Reservation, rental: Rental, *, now: datetime) -> None:
    """Take the fee of a reservation that becomes a rental, and count it towards the price of the rental."""
    reservation.fee = fees.pay_towards_rental(reservation, rental, until=now)
    left = rental.price - rental.discount
    is_prepaid = rental.payment_model == PaymentModel.PREPAID
    rental.reservation_credit = min(reservation.fee, left) if is_prepaid else reservation.fee


def give_bank_to_rental(reservation: Reservation, rental: Rental) -> banks.PromisedBank | None:
    """Hand the power bank that was kept to the rental. None where the station cannot give this one any more."""
    bank = banks.hand_over_promise(rental.station_id, old_holder=reservation.id, new_holder=rental.id)
    if bank is None:
        banks.end_promise(reservation.id)
    return bank


def note_use(reservation: Reservation, rental: Rental, *, now: datetime) -> None:
    """Note that a rental, whose row is written, has begun with this reservation."""
    reservation.status, reservation.rental_id, reservation.ended_at = ReservationStatus.USED, rental.id, now
    _announce(reservation)


def refund_of_rental(rental: Rental, *, now: datetime) -> int:
    """Give back the fee of the reservation of a rental that came to nothing through no fault of its person."""
    if not forget_fee(rental):
        return 0
    return billing.waive_and_refund(
        rental, None, what="reservation", actor=billing.ACTOR, now=now, kinds={Kind.RENTAL_REVENUE}
    )


def forget_fee(rental: Rental) -> bool:
    """Note that the fee of a rental's reservation goes back with all that was paid. False where there was none."""
    reservation = open_session().scalar(
        select(Reservation)
        .where(Reservation.rental_id == rental.id, Reservation.fee > 0)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if reservation is None:
        return False
    reservation.fee = rental.reservation_credit = 0
    return True


def _refuse_unless_over(reservation_id: UUID, *, now: datetime) -> None:
    """Refuse a second reservation, unless the time of the first one is over and only its end is not written yet."""
    reservation = queries.lock_reservation(reservation_id)
    if reservation.status == ReservationStatus.ACTIVE and reservation.expires_at > now:
        raise errors.reservation_exists()
    if reservation.status == ReservationStatus.ACTIVE:
        _end(reservation, ReservationStatus.EXPIRED, now=now)
        open_session().flush()


def _lock(reservation_id: UUID) -> Reservation | None:
    """Lock the accounts of a person and then the reservation. None where there is no such reservation."""
    user_id = queries.find_person(reservation_id)
    if user_id is None:
        return None
    billing.lock_funds(user_id)
    return queries.lock_reservation(reservation_id)


def _status_when_given_up(reservation: Reservation, now: datetime) -> ReservationStatus:
    """Return how a reservation ends that its person gives up. One that the station cannot give is lost, and free."""
    if not _could_be_used(reservation, now):
        return ReservationStatus.LOST
    return ReservationStatus.EXPIRED if reservation.expires_at <= now else ReservationStatus.CANCELLED


def _end(reservation: Reservation, status: ReservationStatus, *, now: datetime) -> None:
    """End a locked reservation: its fee is taken, the rest is given back, and its power bank is anybody's."""
    ended_at = min(now, reservation.expires_at)
    until = reservation.free_until if status is ReservationStatus.LOST else ended_at
    reservation.fee = fees.take_fee(reservation, until=until)
    reservation.status, reservation.ended_at = status, ended_at
    banks.end_promise(reservation.id)
    _announce(reservation)


def _lose(reservation: Reservation, *, now: datetime) -> None:
    _end(reservation, ReservationStatus.LOST, now=now)
    station = open_session().get_one(Station, reservation.station_id).name
    publish(ReservationLost(reservation_id=reservation.id, user_id=reservation.user_id, station=station))


def _could_be_used(reservation: Reservation, now: datetime) -> bool:
    """Tell whether people could rent at the station when a reservation ended. Who could not pays no minutes."""
    return is_station_renting(reservation.station_id, now=min(now, reservation.expires_at))


def _has_more_banks(station_id: UUID) -> bool:
    """Tell whether a station has a power bank for others besides those that are promised."""
    return bool(open_session().scalar(select(StationLive.available_banks).where(StationLive.station_id == station_id)))


def _plan_expiry(reservation: Reservation) -> None:
    enqueue(rental_jobs.EXPIRE_RESERVATION, at=reservation.expires_at, reservation_id=str(reservation.id))


def _announce(reservation: Reservation) -> None:
    changes.announce(changes.topic_of_user(reservation.user_id), kind="reservation", id=reservation.id)
