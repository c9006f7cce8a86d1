"""Accrue a partner's share with the revenue itself, in the transaction that earns the revenue or gives it back.

The ledger tells of its entries at the end of a transaction. Each entry that moved revenue of a rental becomes one more
entry, which books the share, under a key made of the first one. What was accrued for the rental before and the
agreement by which it began decide how much it is, so it does not matter when a movement comes, or in which order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from powerbank.base.db import new_id, open_session
from powerbank.base.money import NPR
from powerbank.ledger import services as ledger
from powerbank.ledger.accounts import AccountName, Kind, network_account
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.partners.agreements import terms as rules
from powerbank.partners.agreements.terms import Earned, Terms
from powerbank.partners.models import Accrual, AccrualKind, AgreementMonth, Part

ACTOR = "partners"

# The movements of revenue that nobody has accrued yet, each with the agreement by which its rental began and with what
# the rental has earned so far. An agreement that was used for a rental once is used for it always.
_MOVEMENTS = text("""
    SELECT moved.entry_id, moved.amount, moved.rental_id, moved.station_id, moved.began_on,
           agreed.id AS agreement_id, agreed.partner_id, agreed.franchise_id, agreed.terms,
           agreed.vat_percent, agreed.withheld_percent,
           coalesce(before.gross, 0) AS gross, coalesce(before.vat, 0) AS vat,
           coalesce(before.venue, 0) AS venue, coalesce(before.venue_withheld, 0) AS venue_withheld,
           coalesce(before.franchise, 0) AS franchise, coalesce(before.franchise_withheld, 0) AS franchise_withheld
      FROM revenue_movements AS moved
      LEFT JOIN LATERAL (
           SELECT agreement_id,
                  CAST(sum(gross) FILTER (WHERE part = 'venue') AS bigint) AS gross,
                  CAST(sum(vat) FILTER (WHERE part = 'venue') AS bigint) AS vat,
                  CAST(sum(share) FILTER (WHERE part = 'venue') AS bigint) AS venue,
                  CAST(sum(withheld) FILTER (WHERE part = 'venue') AS bigint) AS venue_withheld,
                  CAST(sum(share) FILTER (WHERE part = 'franchise') AS bigint) AS franchise,
                  CAST(sum(withheld) FILTER (WHERE part = 'franchise') AS bigint) AS franchise_withheld
             FROM partner_accruals WHERE rental_id = moved.rental_id GROUP BY agreement_id) AS before ON true
      JOIN partner_agreements AS agreed
        ON agreed.id = coalesce(before.agreement_id,
                                (SELECT agreement_id FROM partner_agreement_stations
                                  WHERE station_id = moved.station_id
                                    AND starts_on <= moved.began_on AND last_day >= moved.began_on))
     WHERE moved.entry_id = ANY(CAST(:entries AS uuid[]))
       AND NOT EXISTS (SELECT FROM partner_accruals AS done WHERE done.entry_id = moved.entry_id)
     ORDER BY moved.entry_id
""")


@dataclass(frozen=True)
class Movement:
    """One movement of revenue, and by which agreement it is shared."""

    entry_id: UUID
    amount: int
    rental_id: UUID
    station_id: UUID
    month: date  # that of the rental's beginning
    agreement_id: UUID
    partner_id: UUID
    franchise_id: UUID | None
    terms: Terms


def accrue_entries(entry_ids: Sequence[UUID]) -> int:
    """Accrue what these entries of the ledger moved. Return how many of them somebody shares in.

    The people whose money moved are locked, since their entries were booked in this transaction or the caller has
    locked them: so two movements of one rental never count from the same state.
    """
    earned_so_far: dict[UUID, Earned] = {}
    rows = open_session().execute(_MOVEMENTS, {"entries": [str(each) for each in entry_ids]}).all()
    accruals: list[dict[str, Any]] = []
    for row in rows:
        movement = _read_movement(row)
        before = earned_so_far.get(movement.rental_id) or _read_earned(row)
        after = rules.add_movement(
            movement.terms, before, movement.amount, month_before=_lock_month(movement) if _is_by_month(movement) else 0
        )
        earned_so_far[movement.rental_id] = after
        if _is_by_month(movement):
            _count_month(movement, after.net - before.net)
        accruals += _book_share(movement, after.less(before))
    if accruals:
        open_session().execute(insert(Accrual), accruals)
    return len(rows)


def payable_account(partner_id: UUID) -> AccountName:
    """Name the account that holds what a partner has earned and was not paid yet."""
    return AccountName(Kind.PARTNER_PAYABLE, str(partner_id), NPR)


def share_lines(partner_id: UUID, *, share: int, withheld: int) -> list[Line]:
    """Make the lines that book a share: the network's expense, the tax that is withheld, and what is payable."""
    return [
        Line(network_account(Kind.PARTNER_EXPENSE), -share),
        Line(network_account(Kind.WITHHELD_TAX), withheld),
        Line(payable_account(partner_id), share - withheld),
    ]


def _book_share(movement: Movement, added: Earned) -> list[dict[str, Any]]:
    """Book what a movement adds to the shares, and return the accruals, one for each who shares."""
    shares = [(Part.VENUE, movement.partner_id, added.venue, added.venue_withheld)]
    if movement.franchise_id is not None and movement.terms.franchise_percent:
        shares.append((Part.FRANCHISE, movement.franchise_id, added.franchise, added.franchise_withheld))
    lines = [
        line
        for _, partner_id, share, withheld in shares
        for line in share_lines(partner_id, share=share, withheld=withheld)
    ]
    share_entry_id = None
    if any(line.amount for line in lines):
        share_entry_id = ledger.post_entry(
            kind=EntryKind.SHARE,
            key=f"share:{movement.entry_id}",
            lines=lines,
            actor=ACTOR,
            reference=Reference("rental", str(movement.rental_id)),
        ).entry_id
    return [
        {
            "id": new_id(),
            "partner_id": partner_id,
            "agreement_id": movement.agreement_id,
            "part": part,
            "kind": AccrualKind.RENTAL if movement.amount > 0 else AccrualKind.REFUND,
            "entry_id": movement.entry_id,
            "share_entry_id": share_entry_id,
            "station_id": movement.station_id,
            "rental_id": movement.rental_id,
            "gross": added.gross,
            "vat": added.vat,
            "share": share,
            "withheld": withheld,
            "amount": share - withheld,
        }
        for part, partner_id, share, withheld in shares
    ]


def _is_by_month(movement: Movement) -> bool:
    return movement.terms.grows_with_the_month


def _lock_month(movement: Movement) -> int:
    """Lock the month's revenue of an agreement with tiers, and return what it is before this movement."""
    row = {"agreement_id": movement.agreement_id, "month": movement.month, "net": 0}
    statement = insert_or_update(AgreementMonth).values(row)
    kept = {"net": AgreementMonth.net}
    locked = statement.on_conflict_do_update(index_elements=["agreement_id", "month"], set_=kept)
    return int(open_session().scalars(locked.returning(AgreementMonth.net)).one())


def _count_month(movement: Movement, added: int) -> None:
    open_session().execute(
        update(AgreementMonth)
        .filter_by(agreement_id=movement.agreement_id, month=movement.month)
        .values(net=AgreementMonth.net + added)
    )


def _read_movement(row: Any) -> Movement:
    return Movement(
        entry_id=row.entry_id,
        amount=row.amount,
        rental_id=row.rental_id,
        station_id=row.station_id,
        month=row.began_on.replace(day=1),
        agreement_id=row.agreement_id,
        partner_id=row.partner_id,
        franchise_id=row.franchise_id,
        terms=rules.read_terms(row.terms, vat_percent=row.vat_percent, withheld_percent=row.withheld_percent),
    )


def _read_earned(row: Any) -> Earned:
    return Earned(row.gross, row.vat, row.venue, row.venue_withheld, row.franchise, row.franchise_withheld)
