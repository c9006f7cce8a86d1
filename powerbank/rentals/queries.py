"""The queries of rentals: one row, found or locked, and the lists that people, staff and other domains need.

A row that is to be changed is locked before anything else: the order of locks stands in `transitions`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.ledger.queries import bound_by_time
from powerbank.ledger.wallet_models import WalletTransaction
from powerbank.live.topics import Follower
from powerbank.rentals.disputes.models import CaseStatus, RentalCase
from powerbank.rentals.errors import open_rental_exists
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.rentals.staff.troubles import Trouble, in_trouble
from powerbank.rentals.states import OPEN, Status
from powerbank.stations.custody.models import Custody, PowerBank
from powerbank.stations.issues import photos
from powerbank.stations.models import Station
from powerbank.users.models import User


def find_rental(rental_id: UUID) -> Rental:
    """Return the rental, or refuse with 404."""
    found: Rental | None = db.session.get(Rental, rental_id)
    if found is None:
        raise NotFoundError("rental")
    return found


def rental_of_user(rental_id: UUID, user_id: UUID) -> Rental:
    """Return the rental if it belongs to this person, or refuse with 404."""
    found: Rental | None = db.session.scalar(select(Rental).where(Rental.id == rental_id, Rental.user_id == user_id))
    if found is None:
        raise NotFoundError("rental")
    return found


def lock_rental(rental_id: UUID) -> Rental:
    """Lock the row of a rental and return it as it is now, or refuse with 404."""
    found = open_session().get(Rental, rental_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("rental")
    return found


def lock_rental_of_user(rental_id: UUID, user_id: UUID) -> Rental:
    """Lock the rental if it belongs to this person, or refuse with 404."""
    rental_of_user(rental_id, user_id)
    return lock_rental(rental_id)


def user_rental_page(user_id: UUID, *, limit: int, cursor: str | None, status: str | None = None) -> dict[str, Any]:
    """Return one page of a person's rentals, newest first."""
    query = select(Rental).where(Rental.user_id == user_id)
    if status is not None:
        query = query.where(Rental.status == status)
    return page(query, Rental.id, limit=limit, cursor=cursor, descending=True)


def open_rentals_of_user(user_id: UUID) -> Sequence[Rental]:
    """Return the rentals of a person that have not ended, newest first."""
    query = select(Rental).where(Rental.user_id == user_id, Rental.status.in_(OPEN))
    return db.session.scalars(query.order_by(Rental.id.desc())).all()


def rental_page(
    *,
    limit: int,
    cursor: str | None,
    status: str | None = None,
    user_id: UUID | None = None,
    station_sn: str | None = None,
    code: str | None = None,
    powerbank_sn: str | None = None,
    disputed: bool = False,
    trouble: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Return one page of all rentals that match, newest first."""
    query = bound_by_time(select(Rental), Rental, since, until)
    for column, value in ((Rental.status, status), (Rental.user_id, user_id), (Rental.code, code and code.upper())):
        if value is not None:
            query = query.where(column == value)
    # A comparison with one value is read in the order of an index. A comparison with a set of values would not be.
    if station_sn is not None:
        query = query.where(Rental.station_id == select(Station.id).where(Station.sn == station_sn).scalar_subquery())
    if powerbank_sn is not None:
        bank_id = select(PowerBank.id).where(PowerBank.serial == powerbank_sn)
        query = query.where(Rental.bank_id == bank_id.scalar_subquery())
    for each in ([Trouble.DISPUTED] if disputed else []) + ([Trouble(trouble)] if trouble else []):
        query = query.where(in_trouble(each, now=now))
    return page(query, Rental.id, limit=limit, cursor=cursor, descending=True)


def events_of_rental(rental_id: UUID) -> Sequence[RentalEvent]:
    """Return the log of a rental, oldest first."""
    return db.session.scalars(
        select(RentalEvent).where(RentalEvent.rental_id == rental_id).order_by(RentalEvent.id)
    ).all()


def time_of_event(rental: Rental, event: str) -> datetime | None:
    """Return the time of the newest event of this name in the log."""
    query = select(RentalEvent.at).where(RentalEvent.rental_id == rental.id, RentalEvent.event == event)
    found: datetime | None = open_session().scalar(query.order_by(RentalEvent.id.desc()).limit(1))
    return found


def is_event_noted(rental: Rental, event: str, serial: str) -> bool:
    """Tell whether the log has this event about the power bank with this serial."""
    query = select(RentalEvent.id).where(
        RentalEvent.rental_id == rental.id,
        RentalEvent.event == event,
        RentalEvent.detail["powerbank_sn"].astext == serial,
    )
    return open_session().scalar(query.limit(1)) is not None


def newest_custody(rental: Rental, serial: str | None = None) -> Custody | None:
    """Return the newest period in which the person had a power bank for this rental.

    It is the power bank of the rental itself, unless `serial` names another one.
    """
    query = select(Custody).where(Custody.rental_id == rental.id)
    if serial is None:
        query = query.where(Custody.bank_id == rental.bank_id)
    else:
        query = query.join(PowerBank, PowerBank.id == Custody.bank_id).where(PowerBank.serial == serial)
    query = query.order_by(Custody.id.desc()).limit(1).execution_options(populate_existing=True)
    found: Custody | None = db.session.scalar(query)
    return found


def is_bank_back(rental: Rental) -> bool:
    """Tell whether custody says that the person has the power bank no longer.

    Custody moves first. The job that ends the rental may still be on its way.
    """
    custody = newest_custody(rental)
    return custody is not None and custody.until is not None


def is_disputed(rental: Rental) -> bool:
    """Tell whether a case of this rental is open."""
    query = select(RentalCase.id).where(RentalCase.rental_id == rental.id, RentalCase.status == CaseStatus.OPEN)
    return open_session().scalar(query.limit(1)) is not None


def cases_of_rental(rental_id: UUID) -> list[dict[str, Any]]:
    """Return the cases of a rental with the addresses of their photos, oldest first."""
    query = select(RentalCase).where(RentalCase.rental_id == rental_id).order_by(RentalCase.id)
    cases = db.session.scalars(query).all()
    addresses = photos.list_photo_addresses([each.id for each in cases])
    names = [column.key for column in RentalCase.__table__.columns]
    return [{name: getattr(each, name) for name in names} | {"photos": addresses[each.id]} for each in cases]


def payments_of_rental(rental_id: UUID) -> Sequence[WalletTransaction]:
    """Return what the person paid for a rental and what was refunded, oldest first."""
    paid = select(WalletTransaction.id).filter_by(reference_kind="rental", reference_id=str(rental_id))
    refunded = select(WalletTransaction.id).where(WalletTransaction.refund_of.in_(paid))
    # Each half is read by an index of its own. An OR of the two would read everybody's transactions.
    query = select(WalletTransaction).where(WalletTransaction.id.in_(paid.union_all(refunded)))
    return db.session.scalars(query.order_by(WalletTransaction.id)).all()


def refuse_user_with_open_rental(user_id: UUID) -> None:
    """Refuse to delete the account of a person who has an open rental."""
    if open_rentals_of_user(user_id):
        raise open_rental_exists()


def count_completed_rentals(user_id: UUID) -> int:
    """Count the completed rentals of a person."""
    query = select(func.count()).where(Rental.user_id == user_id, Rental.status == Status.COMPLETED)
    return db.session.scalar(query) or 0


def count_rented_minutes(user_id: UUID) -> int:
    """Count the minutes of all completed rentals of a person."""
    seconds = func.extract("epoch", Rental.ended_at - Rental.started_at)
    query = select(func.coalesce(func.sum(seconds), 0)).where(
        Rental.user_id == user_id, Rental.status == Status.COMPLETED
    )
    return int(db.session.scalar(query) or 0) // 60


def has_rented(user_id: UUID) -> bool:
    """Tell whether a person has a rental that was neither cancelled nor failed. One that is open counts too."""
    query = select(Rental.id).where(Rental.user_id == user_id, Rental.status.not_in([Status.CANCELLED, Status.FAILED]))
    return db.session.scalar(query.limit(1)) is not None


def users_with_open_rental(wanted: bool) -> ColumnElement[bool]:
    """Return the condition on `users.id` for a broadcast to people with an open rental, or to all others."""
    with_open_rental = User.id.in_(select(Rental.user_id).where(Rental.status.in_(OPEN)))
    return with_open_rental if wanted else ~with_open_rental


def users_with_completed_rentals(least: int) -> ColumnElement[bool]:
    """Return the condition on `users.id` for a broadcast to people with at least so many completed rentals."""
    people = (
        select(Rental.user_id)
        .where(Rental.status == Status.COMPLETED)
        .group_by(Rental.user_id)
        .having(func.count() >= least)
    )
    return User.id.in_(people)


def find_rental_topic(follower: Follower, rental_id: str) -> str | None:
    """Give the topic of a rental to its person, and to staff who may read rentals."""
    try:
        query = select(Rental.id).where(Rental.id == UUID(rental_id))
    except ValueError:
        return None
    if not follower.may("rentals.read"):
        query = query.where(Rental.user_id == follower.user_id)
    found = db.session.scalar(query)
    return f"rental:{found}" if found is not None else None
