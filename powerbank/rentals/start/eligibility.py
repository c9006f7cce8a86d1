"""Who may rent now: the account, the profile, the identity, what is owed, and the rentals that are open already."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
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
    # A power bank that came out late does not count, nor does the rental that is replaced.
    open_rentals = select(func.count()).where(
        Rental.user_id == user_id, Rental.status.in_(OPEN), ~Rental.came_late, Rental.id.is_distinct_from(swap_of)
    )
    reserved = select(Reservation.id).where(
        Reservation.user_id == user_id, Reservation.status == ReservationStatus.ACTIVE
    )
    user, count, reservation_id = (
        open_session()
        .execute(
            select(User, open_rentals.scalar_subquery(), reserved.scalar_subquery())
            .where(User.id == user_id)
            .options(lazyload(User.identifiers))
            .execution_options(populate_existing=True)
        )
        .one()
    )
    if user.status != AccountStatus.ACTIVE:
        raise errors.account_blocked()
    if not user.profile_complete:
        raise errors.profile_incomplete()
    if rules.kyc_required and user.kyc_status != "approved":
        raise errors.kyc_required()
    if funds.due:
        raise errors.outstanding_due(funds.due)
    if count >= rules.max_open_rentals:
        raise errors.open_rental_exists()
    return Admitted(rules, funds, reservation_id)
