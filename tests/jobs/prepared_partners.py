"""Prepare the partners, accounts and payouts that the jobs of partners and payouts need to have something to do."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from jobs.payouts import run_payouts
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.clock import format_time, local_day
from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger import services as ledger
from powerbank.ledger.services import EntryKind
from powerbank.partners import services as partners
from powerbank.partners.accruals import history
from powerbank.partners.accruals.services import share_lines
from powerbank.partners.agreements import services as agreements
from powerbank.partners.models import PartnerKind, PartnerMail
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.models import AccountKind, PayeeKind, Payout, PayoutAccount
from powerbank.payouts.sending import services as sending
from powerbank.stations.registry import services as stations
from tests.jobs.prepared_people import Arguments
from tests.payouts.conftest import PlainRun, make_paid_payout
from tests.stations.conftest import FACTS


def partner_made() -> UUID:
    with transaction():
        return partners.create_partner(
            name=f"Venue {uuid4().hex[:8]}", kind=PartnerKind.VENUE, contact={"email": "venue@example.com"}
        ).id


def agreement_made(**more: Any) -> None:
    """Make an agreement about a station that pays a rent since the month before last."""
    partner_id, sn = partner_made(), f"S{uuid4().hex[:8]}"
    with transaction():
        stations.register_station(**FACTS | {"sn": sn, "imei": f"imei-{sn}", "slots": 4}, now=utcnow())
    values = {"starts_on": local_day(utcnow()) - timedelta(days=70), "ends_on": None} | more
    with transaction():
        terms = {"kind": "rent", "amount_per_month": "5000.00"}
        agreements.make_agreement(partner_id, station_sns=[sn], terms=terms, by="test", **values)


def month_over() -> Arguments:
    agreement_made()
    return {"slot": format_time(utcnow())}


def agreement_nearly_over() -> Arguments:
    agreement_made(ends_on=local_day(utcnow()) + timedelta(days=20))
    return {}


def account_requested() -> PayoutAccount:
    partner_id = partner_made()
    with transaction():
        return accounts.request_account(
            PayeeKind.PARTNER,
            partner_id,
            kind=AccountKind.BANK,
            account_number="0123456789012",
            account_name="Bakery Pvt Ltd",
            bank_code="0401-1",
            by="staff:test",
        )


def history_wanted() -> Arguments:
    """Have a member of staff ask that all of history is accrued."""
    agreement_made()
    with transaction() as session:
        email = f"{uuid4().hex[:8]}@example.com"
        member = StaffMember(email=email, password_hash="unused", role=Role.FINANCE)
        session.add(member)
        session.flush()
        operation = history.ask_for_history(staff_id=member.id, now=utcnow())
        return {"operation_id": str(operation.id)}


def mail_to_partner() -> Arguments:
    """Ask for an account, of which the partner is told at its own address."""
    account = account_requested()
    mail_id = db.session.scalar(select(PartnerMail.id).filter_by(partner_id=account.payee_id))
    db.session.rollback()
    return {"mail_id": str(mail_id)}


def account_to_check() -> Arguments:
    return {"account_id": str(account_requested().id)}


def payout_wanted() -> Arguments:
    """Make a partner who has earned enough and has an account that can be paid to."""
    account = account_requested()
    with transaction() as session:
        lines = share_lines(account.payee_id, share=100_000, withheld=0)
        ledger.post_entry(kind=EntryKind.SHARE, key=str(uuid4()), lines=lines, actor="test")
        usable = {"status": "confirmed", "decided_by": "staff:other", "usable_from": utcnow() - timedelta(days=1)}
        session.execute(update(PayoutAccount).where(PayoutAccount.id == account.id).values(usable))
    return {"slot": format_time(utcnow())}


def payout_approved() -> Arguments:
    run_payouts(PlainRun(), **payout_wanted())  # type: ignore[arg-type]
    payout_id = db.session.scalars(select(Payout.id)).one()
    db.session.rollback()
    return {"payout_id": str(payout_id)}


def payout_under_way() -> Arguments:
    approved = payout_approved()
    with transaction():
        sending.begin_sending(UUID(str(approved["payout_id"])), now=utcnow() - timedelta(hours=1))
    return approved


def payouts_under_way() -> Arguments:
    payout_under_way()
    return {}


def payout_paid() -> Arguments:
    partner_id = partner_made()
    with transaction():
        return {"payout_id": str(make_paid_payout(partner_id).id)}


def month_to_state() -> Arguments:
    payout_paid()
    return {"slot": format_time(utcnow())}
