"""Points as a currency: they are awarded, revoked, and expire. `powerbank.points` knows what earns them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from powerbank.base.db import open_session
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, network_account, user_account
from powerbank.ledger.points.models import Lot
from powerbank.ledger.services import EntryKind, Line, Reference


def award_points(
    *, user_id: UUID, points: int, reference: Reference, key: str, actor: str, description: str = ""
) -> int | None:
    """Give points to a person, and return how many reach the balance. None where they were given before.

    What the person owes in points is filled first.
    """
    balance, owed = user_account(Kind.USER_POINTS, user_id), user_account(Kind.POINTS_DUES_RECEIVABLE, user_id)
    debt = -(services.lock_user_accounts(user_id)[owed].balance or 0)
    if services.find_entry(key) is not None:
        return None
    filled = min(points, debt)
    services.post_entry(
        kind=EntryKind.POINTS_AWARDED,
        key=key,
        lines=[
            Line(balance, points - filled),
            Line(owed, filled),
            Line(network_account(Kind.POINTS_LIABILITY), -points),
        ],
        actor=actor,
        reference=reference,
        description=description,
    )
    return points - filled


def revoke_points(
    *, user_id: UUID, points: int, reference: Reference, key: str, actor: str, first_award: UUID | None = None
) -> int:
    """Take back points that should not have been earned, and return how many the balance gave.

    The lot of `first_award` is taken from before the others. Points that are spent already are owed.
    """
    balance, owed = user_account(Kind.USER_POINTS, user_id), user_account(Kind.POINTS_DUES_RECEIVABLE, user_id)
    has = services.lock_user_accounts(user_id)[balance].balance or 0
    if services.find_entry(key) is not None:
        return 0
    taken = min(points, has)
    services.post_entry(
        kind=EntryKind.POINTS_REVOKED,
        key=key,
        lines=[Line(balance, -taken), Line(owed, taken - points), Line(network_account(Kind.POINTS_LIABILITY), points)],
        actor=actor,
        reference=reference,
        first_award=first_award,
    )
    return taken


def expire_points(*, user_id: UUID, now: datetime, key: str, actor: str) -> int:
    """Take what is left in lots whose time is over, and return how many points that were.

    What is held stays until it comes back. Points go out by the lot that expires first, so it is enough to take as many
    as have expired.
    """
    return _take_lots(user_id, Lot.expires_at <= now, key=key, actor=actor)


def forfeit_points(*, user_id: UUID, key: str, actor: str) -> int:
    """Take all points of a person who leaves."""
    return _take_lots(user_id, Lot.available > 0, key=key, actor=actor)


def _take_lots(user_id: UUID, which: ColumnElement[bool], *, key: str, actor: str) -> int:
    services.lock_user_accounts(user_id)
    left = select(func.coalesce(func.sum(Lot.available), 0)).where(Lot.user_id == user_id, Lot.available > 0, which)
    points = int(open_session().scalar(left) or 0)
    if points:
        services.post_entry(
            kind=EntryKind.POINTS_EXPIRED,
            key=key,
            lines=[
                Line(user_account(Kind.USER_POINTS, user_id), -points),
                Line(network_account(Kind.POINTS_LIABILITY), points),
            ],
            actor=actor,
        )
    return points
