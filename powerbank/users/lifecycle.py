"""How an account ends. Later domains say what stands in the way and clear what is theirs (`powerbank.wiring`).

Both happen in the transaction that ends the account, while its row is locked. A refusal raises `ConflictError`
(`open_rental_exists`, `outstanding_due`). A farewell still finds the person's identifiers.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete

from powerbank.base.db import open_session
from powerbank.users.models import Identifier, Status, User
from powerbank.users.services import locked

Check = Callable[[UUID], None]
Farewell = Callable[[User], None]

_refusals: list[Check] = []
_farewells: list[Farewell] = []


def register_refusals(*refusals: Check) -> None:
    _refusals[:] = refusals


def register_farewells(*farewells: Farewell) -> None:
    _farewells[:] = farewells


def leave(user_id: UUID, *, now: datetime) -> None:
    """Ends the account and forgets the person. Money records stay, and name nobody."""
    user = locked(user_id)
    for check in _refusals:
        check(user_id)
    for farewell in _farewells:
        farewell(user)
    session = open_session()
    session.execute(delete(Identifier).where(Identifier.user_id == user_id))
    session.expire(user, ["identifiers"])
    user.username = f"deleted:{user.id.hex[-20:]}"  # nobody's else: a name that people choose has no colon
    user.first_name = user.last_name = user.date_of_birth = user.address = user.city = None
    user.auto_collect_dues = False
    user.status, user.deleted_at = Status.DELETED, now
