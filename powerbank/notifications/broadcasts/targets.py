"""The target of a broadcast: conditions on people. `powerbank.wiring` registers the conditions of later domains."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from powerbank.base.db import db
from powerbank.base.errors import AppError
from powerbank.users.models import AccountStatus, User

Condition = Callable[[Any], ColumnElement[bool]]


def _kyc_verified(wanted: bool) -> ColumnElement[bool]:
    return User.kyc_status == "approved" if wanted else User.kyc_status != "approved"


def _city(name: str) -> ColumnElement[bool]:
    return func.lower(User.city) == name.strip().lower()


_conditions: dict[str, Condition] = {"kyc_verified": _kyc_verified, "city": _city}


def register_target(name: str, condition: Condition) -> None:
    """Add a condition. `condition(wanted)` returns one on `users.id`, such as `User.id.in_(…)`."""
    _conditions[name] = condition


def people_of_target(target: Mapping[str, Any], *, joined_before: datetime) -> Select[Any]:
    """Return the query of the people who meet all conditions of a target."""
    query = select(User.id).where(
        User.deleted_at.is_(None),
        User.status.in_((AccountStatus.ACTIVE.value, AccountStatus.SUSPENDED.value)),
        User.created_at <= joined_before,
    )
    for name, wanted in target.items():
        if name not in _conditions:
            raise AppError("target_unavailable", 422, f"This network cannot tell people by {name}.")
        query = query.where(_conditions[name](wanted))
    return query


def count_people(target: Mapping[str, Any], *, now: datetime) -> int:
    """Count the people of a target."""
    return (
        db.session.scalar(select(func.count()).select_from(people_of_target(target, joined_before=now).subquery())) or 0
    )
