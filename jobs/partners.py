"""The jobs of partners: what accrues at the end of a month, who hears of agreements that end, and mails to partners."""

from datetime import date, datetime
from uuid import UUID

from flask import current_app

from jobs.batches import work_in_batches, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.clock import local_day
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.smtp import client as smtp
from powerbank.partners import mails
from powerbank.partners.accruals import history, monthly
from powerbank.partners.agreements import services as agreements
from powerbank.payouts.mails import write_letter


def accrue_monthly_shares(run: StepwiseRun, *, slot: str) -> None:
    accrue_month(monthly.last_month(local_day(datetime.fromisoformat(slot))))


def accrue_month(month: date) -> int:
    """Accrue rents and minimums of a month. Return how many agreements were looked at."""
    return work_one_by_one(
        lambda after: monthly.find_agreements_of_month(month, after=after),
        lambda agreement_id: monthly.accrue_month(agreement_id, month),
    )


def tell_of_ending_agreements(run: StepwiseRun) -> None:
    today = local_day(utcnow())
    work_in_batches(lambda after: agreements.find_ending(after, today=today), agreements.tell_of_end)


def accrue_history(run: StepwiseRun, *, operation_id: str) -> None:
    """Accrue what was earned before agreements were entered. One that was killed goes on where it was."""
    wanted = UUID(operation_id)
    after = history.find_place(wanted)
    while after is not None and (entries := history.find_entries(after)):
        db.session.rollback()  # the snapshot of the search ends before the work begins
        with transaction():
            history.accrue_batch(wanted, entries)
        after = entries[-1]
    db.session.rollback()
    with run.finish():
        history.finish_history(wanted, now=utcnow())


def fail_history(*, operation_id: str) -> None:
    """Fail the operation of a job that has died. What was accrued stays, and the next one goes on behind it."""
    history.fail_history(UUID(operation_id), now=utcnow())


def mail_partner(run: StepwiseRun, *, mail_id: str) -> None:
    """Send a mail to a partner's own address. A repeat has the same Message-ID, so that it can be told."""
    settings = current_app.config["SETTINGS"]
    found = mails.find_unsent(UUID(mail_id))
    letter = write_letter(*found) if found is not None and settings.smtp_url is not None else None
    db.session.rollback()
    if letter is None:
        return
    link = f"{settings.public_url}/partner/"
    smtp.send(
        url=str(settings.smtp_url),
        sender=settings.mail_from,
        to=letter.to,
        subject=letter.title,
        text=f"{letter.body}\n\n{link}\n",
        reference=mail_id,
        files=letter.files,
    )
    with run.finish():
        mails.note_sent(UUID(mail_id), now=utcnow())
