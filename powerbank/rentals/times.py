"""When a rental began and when it is due. The custody of its bank says when it came out."""

from datetime import datetime, timedelta

from sqlalchemy import select

from powerbank.base.db import db, open_session
from powerbank.content import app_config
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.rentals.charges import billing
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.stations.custody.models import Custody, PowerBank
from powerbank.stations.packages.models import PaymentModel

SHORT = timedelta(minutes=15)  # whoever has no more time than this needs no reminder of its end


def stay(rental: Rental, serial: str | None = None) -> Custody | None:
    """The newest time that a bank was with this person for this rental; its own bank unless another is named."""
    query = select(Custody).where(Custody.rental_id == rental.id)
    if serial is None:
        query = query.where(Custody.bank_id == rental.bank_id)
    else:
        query = query.join(PowerBank, PowerBank.id == Custody.bank_id).where(PowerBank.serial == serial)
    query = query.order_by(Custody.id.desc()).limit(1).execution_options(populate_existing=True)
    found: Custody | None = db.session.scalar(query)
    return found


def is_back(rental: Rental) -> bool:
    """Seen somewhere else since; the news of it may still be on its way."""
    last = stay(rental)
    return last is not None and last.until is not None


def start(rental: Rental, at: datetime, now: datetime, *, charge: bool = True) -> datetime:
    """The bank came out then: prepaid time is paid, and the meter of other time runs."""
    if charge and rental.payment_model == PaymentModel.PREPAID:
        billing.capture_price(rental)
    began = min(at, now)
    rental.started_at = rental.metered_from = began
    rental.due_at = began + timedelta(minutes=rental.duration_minutes)
    return began


def plan_reminder(rental: Rental, *, since: datetime, now: datetime) -> None:
    """Decided by the time that is left since then, whichever packages it was bought with.

    The due time goes along: a reminder of an earlier one finds another, and says nothing.
    """
    if rental.due_at is None or rental.due_at <= now:
        return
    before = timedelta(minutes=app_config.current().reminder_minutes)
    if rental.due_at - since <= max(SHORT, before):
        return
    enqueue(
        rental_jobs.SEND_RENTAL_REMINDER,
        at=rental.due_at - before,
        expires_at=rental.due_at,
        rental_id=str(rental.id),
        due_at=rental.due_at.isoformat(),
    )


def noted(rental: Rental, event: str, serial: str) -> bool:
    query = select(RentalEvent.id).where(
        RentalEvent.rental_id == rental.id,
        RentalEvent.event == event,
        RentalEvent.detail["powerbank_sn"].astext == serial,
    )
    return open_session().scalar(query.limit(1)) is not None
