"""What people and staff read of rentals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.money import NPR
from powerbank.ledger.wallet_models import Due, Progress, WalletTransaction
from powerbank.rentals.charges import billing
from powerbank.rentals.disputes.models import CaseStatus, RentalCase
from powerbank.rentals.errors import open_rental_exists
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.rentals.states import OPEN, OUT, Status
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.issues import photos
from powerbank.stations.models import Station
from powerbank.users.models import User

# Noted for staff; a person reads the rest.
FOR_STAFF = frozenset({"staff_told", "resolved", "second_bank", "second_bank_returned"})


@dataclass(frozen=True)
class Card:
    """A rental with what stands beside it."""

    rental: Rental
    station: Station
    return_station: Station | None
    powerbank_sn: str
    amount_paid: int
    due_amount: int
    overdue_amount: int
    timeline: Sequence[RentalEvent] = ()


def cards(rentals: Sequence[Rental], *, now: datetime) -> list[Card]:
    """All that a list shows, in four queries."""
    places = {each.station_id for each in rentals} | {each.return_station_id for each in rentals}
    stations = {each.id: each for each in db.session.scalars(select(Station).where(Station.id.in_(places - {None})))}
    bank_ids = {each.bank_id for each in rentals}
    serials = {
        row.id: row.serial
        for row in db.session.execute(select(PowerBank.id, PowerBank.serial).where(PowerBank.id.in_(bank_ids)))
    }
    ids = [str(each.id) for each in rentals]
    paid, dues = _paid(ids), _open_dues(ids)
    return [
        Card(
            each,
            stations[each.station_id],
            stations.get(each.return_station_id) if each.return_station_id else None,
            serials[each.bank_id],
            paid.get(str(each.id), 0),
            dues.get(str(each.id), 0),
            overdue_so_far(each, now),
        )
        for each in rentals
    ]


def card(rental: Rental, *, now: datetime) -> Card:
    found = cards([rental], now=now)[0]
    return Card(**{**found.__dict__, "timeline": [each for each in events(rental.id) if each.event not in FOR_STAFF]})


def overdue_so_far(rental: Rental, now: datetime) -> int:
    """Billed, and running up."""
    running = rental.status in OUT or (rental.status == Status.COMPLETED and rental.settled_at is None)
    if not running or rental.came_late:
        return rental.overdue_amount
    return rental.overdue_amount + billing.overdue_fee(rental, rental.ended_at or now)


def unbilled(rental: Rental, now: datetime) -> int:
    """What its end would cost now, beyond what is held."""
    if rental.came_late:
        return 0
    until = rental.ended_at or now
    fees = billing.usage_fee(rental, until) + billing.overdue_fee(rental, until)
    return max(0, fees - billing.held(rental).get(NPR, 0) - rental.held_value)


def events(rental_id: UUID) -> Sequence[RentalEvent]:
    return db.session.scalars(
        select(RentalEvent).where(RentalEvent.rental_id == rental_id).order_by(RentalEvent.id)
    ).all()


def of_user_page(user_id: UUID, *, limit: int, cursor: str | None, status: str | None = None) -> dict[str, Any]:
    query = select(Rental).where(Rental.user_id == user_id)
    if status is not None:
        query = query.where(Rental.status == status)
    return page(query, Rental.id, limit=limit, cursor=cursor, descending=True)


def open_of_user(user_id: UUID) -> Sequence[Rental]:
    query = select(Rental).where(Rental.user_id == user_id, Rental.status.in_(OPEN))
    return db.session.scalars(query.order_by(Rental.id.desc())).all()


def search_page(
    *,
    limit: int,
    cursor: str | None,
    status: str | None = None,
    user_id: UUID | None = None,
    station_sn: str | None = None,
    code: str | None = None,
    powerbank_sn: str | None = None,
    disputed: bool = False,
) -> dict[str, Any]:
    query = select(Rental)
    for column, value in ((Rental.status, status), (Rental.user_id, user_id), (Rental.code, code and code.upper())):
        if value is not None:
            query = query.where(column == value)
    # Compared with one value, and not looked for among many, they are read in the order of an index.
    if station_sn is not None:
        query = query.where(Rental.station_id == select(Station.id).where(Station.sn == station_sn).scalar_subquery())
    if powerbank_sn is not None:
        bank_id = select(PowerBank.id).where(PowerBank.serial == powerbank_sn)
        query = query.where(Rental.bank_id == bank_id.scalar_subquery())
    if disputed:
        open_cases = select(RentalCase.rental_id).where(RentalCase.status == CaseStatus.OPEN)
        query = query.where(Rental.id.in_(open_cases))
    return page(query, Rental.id, limit=limit, cursor=cursor, descending=True)


def cases(rental_id: UUID) -> list[dict[str, Any]]:
    """With the photos that came with them."""
    query = select(RentalCase).where(RentalCase.rental_id == rental_id).order_by(RentalCase.id)
    found = db.session.scalars(query).all()
    seen = photos.list_photo_addresses([each.id for each in found])
    names = [column.key for column in RentalCase.__table__.columns]
    return [{name: getattr(each, name) for name in names} | {"photos": seen[each.id]} for each in found]


def payments(rental_id: UUID) -> Sequence[WalletTransaction]:
    """What its person paid for it and got back."""
    about = select(WalletTransaction.id).filter_by(reference_kind="rental", reference_id=str(rental_id))
    back = select(WalletTransaction.id).where(WalletTransaction.refund_of.in_(about))
    # Either by its own index: an OR of the two would read everybody's.
    query = select(WalletTransaction).where(WalletTransaction.id.in_(about.union_all(back)))
    return db.session.scalars(query.order_by(WalletTransaction.id)).all()


def _paid(rental_ids: list[str]) -> dict[str, int]:
    kept = WalletTransaction.wallet + WalletTransaction.points_value
    back = WalletTransaction.refunded_wallet + WalletTransaction.refunded_value
    query = (
        select(WalletTransaction.reference_id, func.sum(kept - back))
        .where(
            WalletTransaction.reference_kind == "rental",
            WalletTransaction.reference_id.in_(rental_ids),
            WalletTransaction.direction == "out",
            WalletTransaction.entry_id.is_not(None),
        )
        .group_by(WalletTransaction.reference_id)
    )
    return {str(row[0]): int(row[1]) for row in db.session.execute(query)}


def _open_dues(rental_ids: list[str]) -> dict[str, int]:
    query = (
        select(Due.reference_id, func.sum(Due.amount - Due.paid - Due.waived))
        .where(Due.reference_kind == "rental", Due.reference_id.in_(rental_ids), Due.status == Progress.OPEN)
        .group_by(Due.reference_id)
    )
    return {row[0]: int(row[1]) for row in db.session.execute(query)}


def refuse_to_leave(user_id: UUID) -> None:
    if open_of_user(user_id):
        raise open_rental_exists()


def rentals_of(user_id: UUID) -> int:
    query = select(func.count()).where(Rental.user_id == user_id, Rental.status == Status.COMPLETED)
    return db.session.scalar(query) or 0


def has_rented(user_id: UUID) -> bool:
    """Anything that has come to something, or still may."""
    query = select(Rental.id).where(Rental.user_id == user_id, Rental.status.not_in([Status.CANCELLED, Status.FAILED]))
    return db.session.scalar(query.limit(1)) is not None


def have_open_rental(wanted: bool) -> ColumnElement[bool]:
    """Of `users.id`, for whom a broadcast is meant."""
    having = User.id.in_(select(Rental.user_id).where(Rental.status.in_(OPEN)))
    return having if wanted else ~having


def have_rented_so_often(least: int) -> ColumnElement[bool]:
    often = (
        select(Rental.user_id)
        .where(Rental.status == Status.COMPLETED)
        .group_by(Rental.user_id)
        .having(func.count() >= least)
    )
    return User.id.in_(often)


def minutes_of(user_id: UUID) -> int:
    """That power banks were out."""
    seconds = func.extract("epoch", Rental.ended_at - Rental.started_at)
    query = select(func.coalesce(func.sum(seconds), 0)).where(
        Rental.user_id == user_id, Rental.status == Status.COMPLETED
    )
    return int(db.session.scalar(query) or 0) // 60
