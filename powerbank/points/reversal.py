"""What was given back has earned nothing. A top-up keeps what the rest of it earns; a rental keeps all until the
last of what was paid for it is back, for its points do not depend on its price."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from jobs import catalogue
from powerbank.db import open_session
from powerbank.ledger import points, services
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import TransactionType, WalletTransaction
from powerbank.points import payments_kept
from powerbank.points.earnings import STEP
from powerbank.queue import enqueue, publish

# By whom something earned points, and what was taken back of them before.
_EARNED = text("""
    SELECT award.id AS entry_id, CAST(a.owner AS uuid) AS user_id, CAST(sum(abs(p.amount)) AS bigint) AS points,
           coalesce((SELECT CAST(sum(l.amount) AS bigint) FROM ledger_entries r
                       JOIN ledger_postings l ON l.entry_id = r.id
                       JOIN ledger_accounts s ON s.id = l.account_id AND s.kind = 'points_liability'
                      WHERE r.kind = 'points_revoked' AND r.reference_kind = 'award'
                        AND r.reference_id = CAST(award.id AS text)), 0) AS reversed
      FROM ledger_entries award
      JOIN ledger_postings p ON p.entry_id = award.id
      JOIN ledger_accounts a ON a.id = p.account_id AND a.kind IN ('user_points', 'points_dues_receivable')
     WHERE award.kind = 'points_awarded' AND award.reference_kind = :kind AND award.reference_id = :id
     GROUP BY award.id, a.owner ORDER BY award.id
""")


class Earned(NamedTuple):
    entry_id: UUID
    user_id: UUID
    points: int
    reversed: int


def expect(paid: WalletTransaction) -> None:
    """The ledger gave a payment back, or a part of it."""
    if paid.type == TransactionType.TOPUP or paid.reference_kind == "rental":
        enqueue(catalogue.REVERSE_POINTS, transaction_id=str(paid.id))


def reverse(transaction_id: UUID) -> int:
    """How many points were taken back now."""
    paid = open_session().get(WalletTransaction, transaction_id, populate_existing=True)
    if paid is None:
        return 0
    if paid.type == TransactionType.TOPUP:
        awards = _earned(Reference("transaction", str(paid.id)))
        whole = paid.amount // STEP
        left = (paid.amount - paid.refunded) // STEP
        return sum(_take(award, award.points - award.points * left // whole) for award in awards)
    reference = Reference(str(paid.reference_kind), str(paid.reference_id))
    if not payments_kept.is_given_back(reference):
        return 0
    return sum(_take(award, award.points) for award in _earned(reference))


def _earned(reference: Reference) -> list[Earned]:
    """Read again once the people are locked: two refunds of one thing must not both take the same points."""
    parameters = {"kind": reference.kind, "id": reference.id}
    people = {row.user_id for row in open_session().execute(_EARNED, parameters)}
    if not people:
        return []
    services.lock_users(*people)
    return [Earned(*row) for row in open_session().execute(_EARNED, parameters)]


def _take(award: Earned, undeserved: int) -> int:
    more = undeserved - award.reversed
    if more <= 0:
        return 0
    points.revoke(
        user_id=award.user_id,
        points=more,
        reference=Reference("award", str(award.entry_id)),
        key=f"points:reversed:{award.entry_id}:{undeserved}",
        actor="system",
        first=award.entry_id,
    )
    # The same award may be reversed in parts; each is another object.
    publish("points_reversed", user_id=str(award.user_id), points=more, object_id=f"{award.entry_id}:{undeserved}")
    return more
