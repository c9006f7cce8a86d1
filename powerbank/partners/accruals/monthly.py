"""What accrues at the end of a month: rent, and what a guaranteed minimum is above the shares of that month."""

from calendar import monthrange
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import local_day
from powerbank.base.db import db, new_id, open_session, utcnow
from powerbank.ledger import services as ledger
from powerbank.ledger.services import EntryKind, Reference
from powerbank.partners import queries
from powerbank.partners.accruals.services import ACTOR, share_lines
from powerbank.partners.agreements import services as agreements
from powerbank.partners.agreements import terms as rules
from powerbank.partners.agreements.terms import TermsKind
from powerbank.partners.models import Accrual, AccrualKind, Agreement, Part

BATCH = 200


def last_month(today: date) -> date:
    """Return the first day of the month before."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def find_agreements_of_month(month: date, *, after: UUID) -> list[UUID]:
    """Find the next agreements of a month that owe a rent or a minimum."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    owes = or_(Agreement.terms["kind"].astext == TermsKind.RENT, Agreement.terms.has_key("minimum_per_month"))
    query = (
        select(Agreement.id)
        .where(Agreement.id > after, Agreement.starts_on <= last, Agreement.last_day >= month, owes)
        .order_by(Agreement.id)
        .limit(BATCH)
    )
    return list(db.session.scalars(query))


def accrue_month(agreement_id: UUID, month: date) -> None:
    """Accrue the rent of a month and what is missing from its minimum, once."""
    if local_day(utcnow()).replace(day=1) <= month:
        raise ValueError(f"the month {month} is not over")
    agreement = agreements.lock_agreement(agreement_id)
    terms = agreements.terms_of(agreement)
    days, of = agreements.days_in_force(agreement, month), monthrange(month.year, month.month)[1]
    rent = rules.monthly_part(terms.rent, days=days, days_of_month=of)
    _accrue(agreement, month, AccrualKind.RENT, rent)
    minimum = rules.monthly_part(terms.minimum, days=days, days_of_month=of)
    _accrue(agreement, month, AccrualKind.GUARANTEE, max(0, minimum - rent - _shares_of_month(agreement.id, month)))


def _accrue(agreement: Agreement, month: date, kind: AccrualKind, share: int) -> None:
    if share == 0:
        return
    withheld = rules.withheld_of(share, agreements.terms_of(agreement))
    session = open_session()
    if session.scalar(select(Accrual.id).filter_by(agreement_id=agreement.id, month=month, kind=kind)) is not None:
        return
    posted = ledger.post_entry(
        kind=EntryKind.SHARE,
        key=f"share:{kind}:{agreement.id}:{month:%Y-%m}",
        lines=share_lines(agreement.partner_id, share=share, withheld=withheld),
        actor=ACTOR,
        reference=Reference("agreement", str(agreement.id)),
    )
    row = {
        "id": new_id(),
        "partner_id": agreement.partner_id,
        "agreement_id": agreement.id,
        "part": Part.VENUE,
        "kind": kind,
        "share_entry_id": posted.entry_id,
        "month": month,
        "gross": 0,
        "vat": 0,
        "share": share,
        "withheld": withheld,
        "amount": share - withheld,
    }
    session.execute(insert(Accrual).values(row))


def _shares_of_month(agreement_id: UUID, month: date) -> int:
    """Add up what the partner's shares under an agreement came to in a month, by when they accrued."""
    after = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    query = select(func.coalesce(func.sum(Accrual.share), 0)).where(
        Accrual.agreement_id == agreement_id,
        Accrual.part == Part.VENUE,
        Accrual.entry_id.is_not(None),
        Accrual.at >= queries.begin_of_day(month),
        Accrual.at < queries.begin_of_day(after),
    )
    return int(db.session.scalar(query) or 0)
