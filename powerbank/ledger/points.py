"""Points as a currency. Which lots they are in, and when they expire, is the business of `powerbank.points`."""

from uuid import UUID

from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, of_user, shared
from powerbank.ledger.services import EntryKind, Line, Reference


def award(*, user_id: UUID, points: int, reference: Reference, key: str, actor: str) -> int:
    """Gives points. What the person owes in points is filled first; how many reach the balance comes back."""
    balance, owed = of_user(Kind.USER_POINTS, user_id), of_user(Kind.POINTS_DUES_RECEIVABLE, user_id)
    debt = -(services.lock_users(user_id)[owed].balance or 0)
    if services.find(key) is not None:
        return 0
    filled = min(points, debt)
    services.post(
        kind=EntryKind.POINTS_AWARDED,
        key=key,
        lines=[
            Line(balance, points - filled), Line(owed, filled), Line(shared(Kind.POINTS_LIABILITY), -points)
        ],
        actor=actor,
        reference=reference,
    )  # fmt: skip
    return points - filled


def revoke(*, user_id: UUID, points: int, reference: Reference, key: str, actor: str) -> int:
    """Takes points back that should not have been earned. What is spent already is owed; how many the balance
    gave comes back."""
    balance, owed = of_user(Kind.USER_POINTS, user_id), of_user(Kind.POINTS_DUES_RECEIVABLE, user_id)
    has = services.lock_users(user_id)[balance].balance or 0
    if services.find(key) is not None:
        return 0
    taken = min(points, has)
    services.post(
        kind=EntryKind.POINTS_REVOKED,
        key=key,
        lines=[
            Line(balance, -taken), Line(owed, taken - points), Line(shared(Kind.POINTS_LIABILITY), points)
        ],
        actor=actor,
        reference=reference,
    )  # fmt: skip
    return taken
