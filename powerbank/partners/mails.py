"""Mails to a partner's own address. Each thing is told once, however often whatever tells it is repeated."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, new_id, open_session
from powerbank.outbox.catalogue import partner_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.partners.models import MailKind, Partner, PartnerMail


def queue_mail(partner_id: UUID, kind: MailKind, *, about: UUID, version: str) -> None:
    """Have a partner told of something, unless it was told of this version or has no address."""
    session = open_session()
    if session.scalar(select(Partner.contact["email"].astext).where(Partner.id == partner_id)) is None:
        return
    row = {"id": new_id(), "partner_id": partner_id, "kind": kind, "about": about, "version": version}
    made = insert(PartnerMail).values(row).on_conflict_do_nothing().returning(PartnerMail.id)
    if (mail_id := session.scalar(made)) is not None:
        enqueue(partner_jobs.MAIL_PARTNER, mail_id=str(mail_id))


def find_unsent(mail_id: UUID) -> tuple[PartnerMail, Partner] | None:
    """Find a mail that was not sent yet, with the partner as it is now."""
    query = (
        select(PartnerMail, Partner)
        .join(Partner, Partner.id == PartnerMail.partner_id)
        .where(PartnerMail.id == mail_id, PartnerMail.sent_at.is_(None))
    )
    found = db.session.execute(query).one_or_none()
    return None if found is None else (found.PartnerMail, found.Partner)


def note_sent(mail_id: UUID, *, now: datetime) -> None:
    open_session().execute(
        update(PartnerMail).where(PartnerMail.id == mail_id, PartnerMail.sent_at.is_(None)).values(sent_at=now)
    )
