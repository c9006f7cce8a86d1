"""Who may rent now: the account, the profile, the identity, what is owed, and the rentals that are open already."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from powerbank.base.db import db
from powerbank.base.errors import AppError
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
from powerbank.ledger import queries as ledger
from powerbank.rentals import errors
from powerbank.rentals.charges import billing
from powerbank.rentals.charges.billing import Funds
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations.models import Reservation, ReservationStatus
from powerbank.rentals.states import OPEN
from powerbank.users.models import AccountStatus, User


class Admitted(NamedTuple):
    """A person who may rent, with the configuration by which this was decided and the accounts that are locked."""

    rules: AppConfig
    funds: Funds
    reservation_id: UUID | None  # of the reservation that the person has


def admit_user(user_id: UUID, *, swap_of: UUID | None = None) -> Admitted:
    """Lock the accounts of a person, and refuse a person who may not rent now.

    The lock comes first, so that two requests of one person come one after the other. `swap_of` is the rental that the
    new one replaces.
    """
    rules = app_config.current()
    funds = billing.lock_funds(user_id)
    refusals, reservation_id = _look_at(user_id, due=funds.due, rules=rules, swap_of=swap_of)
    if refusals:
        raise refusals[0]
    return Admitted(rules, funds, reservation_id)


def list_refusals(user_id: UUID) -> list[AppError]:
    """List all that a person has to put right before a rental, in that order. Nothing is locked."""
    due = ledger.wallet_of_user(user_id).dues
    return _look_at(user_id, due=due, rules=app_config.current(), swap_of=None)[0]


def _look_at(user_id: UUID, *, due: int, rules: AppConfig, swap_of: UUID | None) -> tuple[list[AppError], UUID | None]:
    """Return what keeps a person from renting, and the reservation that the person has.

    A power bank that came out late does not count as an open rental, nor does the rental that is replaced.
    """
    open_rentals = select(func.count()).where(
        Rental.user_id == user_id, Rental.status.in_(OPEN), ~Rental.came_late, Rental.id.is_distinct_from(swap_of)
    )
    reserved = select(Reservation.id).where(
        Reservation.user_id == user_id, Reservation.status == ReservationStatus.ACTIVE
    )
    user, count, reservation_id = db.session.execute(
        select(User, open_rentals.scalar_subquery(), reserved.scalar_subquery())
        .where(User.id == user_id)
        .options(lazyload(User.identifiers))
        .execution_options(populate_existing=True)
    ).one()
    found = (
        (user.status != AccountStatus.ACTIVE, errors.account_blocked()),
        (not user.profile_complete, errors.profile_incomplete()),
        (rules.kyc_required and user.kyc_status != "approved", errors.kyc_required()),
        (due > 0, errors.outstanding_due(due)),
        (count >= rules.max_open_rentals, errors.open_rental_exists()),
    )
    return [refusal for is_so, refusal in found if is_so], reservation_id
