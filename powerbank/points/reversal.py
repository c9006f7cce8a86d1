"""Points follow the net payment: a refund revokes them in part or whole, and money that comes again restores them."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from powerbank.base.db import open_session
from powerbank.ledger import services
from powerbank.ledger.points import services as points
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import TransactionType, WalletTransaction
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.points import net_payments
from powerbank.points.events import PointsEarned, PointsReversed
from powerbank.users.models import User

# Who earned points by something, how many of them are taken back by now, and in how many changes.
_EARNED = text("""
    SELECT award.id AS entry_id, CAST(a.owner AS uuid) AS user_id, CAST(sum(abs(p.amount)) AS bigint) AS points,
           coalesce(max(since.taken), 0) AS taken, coalesce(max(since.changes), 0) AS changes
      FROM ledger_entries award
      JOIN ledger_postings p ON p.entry_id = award.id
      JOIN ledger_accounts a ON a.id = p.account_id AND a.kind IN ('user_points', 'points_dues_receivable')
      LEFT JOIN LATERAL (
           SELECT CAST(sum(l.amount) AS bigint) AS taken, count(*) AS changes
             FROM ledger_entries r
             JOIN ledger_postings l ON l.entry_id = r.id
             JOIN ledger_accounts s ON s.id = l.account_id AND s.kind = 'points_liability'
            WHERE r.reference_kind = 'award' AND r.reference_id = CAST(award.id AS text)) since ON true
     WHERE award.kind = 'points_awarded' AND award.reference_kind = :kind AND award.reference_id = :id
     GROUP BY award.id, a.owner ORDER BY award.id
""")


class Earned(NamedTuple):
    entry_id: UUID
    user_id: UUID
    points: int
    taken: int
    changes: int

    @property
    def key(self) -> str:
        return f"points:kept:{self.entry_id}:{self.changes}"

    @property
    def reference(self) -> Reference:
        return Reference("award", str(self.entry_id))


def request_reversal(paid: WalletTransaction) -> None:
    """Enqueue the reversal of points, since the refunds of a payment have become more or less."""
    if paid.type == TransactionType.TOPUP or paid.reference_kind == "rental":
        enqueue(reward_jobs.REVERSE_POINTS, transaction_id=str(paid.id))


def reverse_points(transaction_id: UUID) -> int:
    """Make points follow the net payment, however often this is called. Return how many were taken back."""
    paid = open_session().get(WalletTransaction, transaction_id, populate_existing=True)
    if paid is None:
        return 0
    if paid.type == TransactionType.TOPUP:
        reference = Reference("transaction", str(paid.id))
    else:
        reference = Reference(str(paid.reference_kind), str(paid.reference_id))
    awards = _lock_earned(reference)
    payment = net_payments.find_net_payment(reference)
    if payment is None:
        return 0
    return sum(_settle_award(award, payment.undeserved_points(award.points, user_id=award.user_id)) for award in awards)


def revoke_points_of_rental(rental_id: str) -> int:
    """Revoke all points for a rental that was cancelled, whether or not anything was paid for it."""
    return sum(_settle_award(award, award.points) for award in _lock_earned(Reference("rental", rental_id)))


def _lock_earned(reference: Reference) -> list[Earned]:
    """Find who earned points by something, and lock them.

    The points are read again once the people are locked, since two refunds must not both take the same points.
    """
    parameters = {"kind": reference.kind, "id": reference.id}
    people = {row.user_id for row in open_session().execute(_EARNED, parameters)}
    if not people:
        return []
    services.lock_user_accounts(*people)
    return [Earned(*row) for row in open_session().execute(_EARNED, parameters)]


def _settle_award(award: Earned, undeserved: int) -> int:
    more = undeserved - award.taken
    if more > 0:
        points.revoke_points(
            user_id=award.user_id,
            points=more,
            reference=award.reference,
            key=award.key,
            actor="system",
            first_award=award.entry_id,
        )
        publish(PointsReversed(user_id=award.user_id, points=more, object_id=award.key))
    elif more < 0 and not _has_left(award.user_id):
        points.award_points(
            user_id=award.user_id,
            points=-more,
            reference=award.reference,
            key=award.key,
            actor="system",
            description="restored",
        )
        publish(PointsEarned(user_id=award.user_id, points=-more, earning="restored", object_id=award.key))
    return more


def _has_left(user_id: UUID) -> bool:
    """Tell whether a person has left. Whoever leaves just now waits for the accounts, and forfeits these points too."""
    return open_session().scalar(select(User.deleted_at).where(User.id == user_id)) is not None
