"""How an account begins and ends.

Later domains add their part through `powerbank.wiring`: what a new account gets, what stands in the way of its end,
and what is forgotten with it. An end check raises a `ConflictError` (`open_rental_exists`, `outstanding_due`) in the
transaction that ends the account, while the row of its user is locked. An end step still finds the identifiers.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete

from powerbank.base.db import open_session
from powerbank.users.models import AccountStatus, Identifier, User
from powerbank.users.services import lock_user

RegistrationStep = Callable[[UUID], None]
AddressStep = Callable[[UUID], None]
EndCheck = Callable[[UUID], None]
EndStep = Callable[[User], None]

_registration_steps: list[RegistrationStep] = []
_address_steps: list[AddressStep] = []
_end_checks: list[EndCheck] = []
_end_steps: list[EndStep] = []


def register_registration_steps(*steps: RegistrationStep) -> None:
    _registration_steps[:] = steps


def register_address_steps(*steps: AddressStep) -> None:
    _address_steps[:] = steps


def register_account_end_checks(*checks: EndCheck) -> None:
    _end_checks[:] = checks


def register_account_end_steps(*steps: EndStep) -> None:
    _end_steps[:] = steps


def complete_registration(user_id: UUID) -> None:
    """Give a new account what belongs to it, once, in the transaction of one job soon after the registration."""
    for give in _registration_steps:
        give(user_id)


def complete_new_address(user_id: UUID) -> None:
    """Give a person what waited for the phone number or e-mail address that they have just linked."""
    for give in _address_steps:
        give(user_id)


def check_end(user_id: UUID) -> User:
    """Lock the account, and refuse if something stands in the way of its end."""
    user = lock_user(user_id)
    for check in _end_checks:
        check(user_id)
    return user


def end_account(user_id: UUID, *, now: datetime) -> None:
    """End the account and forget the person. Money records stay, and name nobody."""
    user = check_end(user_id)
    for forget in _end_steps:
        forget(user)
    session = open_session()
    session.execute(delete(Identifier).where(Identifier.user_id == user_id))
    session.expire(user, ["identifiers"])
    user.username = f"deleted:{user.id.hex[-20:]}"  # nobody can choose this name, because names have no colon
    user.first_name = user.last_name = user.date_of_birth = user.address = user.city = None
    user.auto_collect_dues = False
    user.status, user.deleted_at = AccountStatus.DELETED, now
