"""Disputes: reported by the person with what the records show, decided by staff, or at once where those prove it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import format_time
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.ledger import services
from powerbank.ledger.accounts import REVENUES, Kind
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.rentals import errors, times, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.disputes.models import SYSTEM, CaseStatus, IssueType, RentalCase
from powerbank.rentals.end import losses, returns
from powerbank.rentals.events import CaseDecided, RentalDisputed, RentalRefunded
from powerbank.rentals.models import Rental
from powerbank.rentals.staff import dossier
from powerbank.rentals.start import ejection
from powerbank.rentals.states import OUT, Status
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, PowerBank
from powerbank.stations.issues import photos

SWAP_WITHIN = timedelta(minutes=5)
DAY, MONTH = timedelta(days=1), timedelta(days=30)
# Faults that one person reports and that are believed before anybody has looked.
BELIEVED_IN_A_DAY, BELIEVED_IN_A_MONTH = 1, 3
FAULTS = frozenset({IssueType.NOT_CHARGING, IssueType.DAMAGED})


def report(
    rental_id: UUID,
    *,
    user_id: UUID,
    issue_type: IssueType,
    description: str | None,
    now: datetime,
    photo: bytes | None = None,
) -> RentalCase:
    """Twice the same is one case, to which a further photo is added."""
    rental = transitions.locked_of_user(rental_id, user_id)
    services.lock_user_accounts(user_id)
    if rental.status in (Status.PENDING, Status.EJECTING):
        raise errors.rental_over(rental.status)
    made = insert(RentalCase).values(
        id=new_id(),
        rental_id=rental.id,
        issue_type=issue_type,
        description=description,
        reported_at=now,
        evidence=evidence(rental, now),
        status=CaseStatus.OPEN,
    )
    case_id = open_session().scalar(
        made.on_conflict_do_nothing(
            index_elements=["rental_id", "issue_type"], index_where=RentalCase.status == CaseStatus.OPEN
        ).returning(RentalCase.id)
    )
    if case_id is None:
        known = _open_case(rental, issue_type)
        photos.save_photo(photo, about=known.id, user_id=user_id, now=now)
        return known
    photos.save_photo(photo, about=case_id, user_id=user_id, now=now)
    case = open_session().get_one(RentalCase, case_id)
    transitions.note(rental, "issue_reported", cause=f"user:{user_id}", at=now, issue_type=issue_type)
    if not _decide_at_once(rental, case, now):
        publish(RentalDisputed(**transitions.for_staff(rental), case_id=case.id, issue_type=issue_type.value))
    return case


def evidence(rental: Rental, now: datetime) -> dict[str, Any]:
    """What the records said at the time of the report. Stations' words are kept for weeks only: here they stay."""
    stay = times.stay(rental)
    return {
        "status": rental.status,
        "bank_left_at": _shown(stay.since) if stay else None,
        "bank_back_at": _shown(stay.until) if stay else None,
        "bank_now": custody_queries.find_whereabouts(rental.bank_id).place.value,
        "reports": [
            each._asdict() | {"received_at": format_time(each.received_at)} for each in dossier.reports(rental, now=now)
        ],
    }


def decide(case_id: UUID, *, of: Rental, uphold: bool, by: str, decision: str, now: datetime) -> RentalCase:
    """A case of this rental, which its caller has locked; nobody else's is touched."""
    rental = of
    services.lock_user_accounts(rental.user_id)
    case = open_session().scalar(
        select(RentalCase)
        .where(RentalCase.id == case_id, RentalCase.rental_id == rental.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFoundError("case")
    if case.status != CaseStatus.OPEN:
        raise ConflictError("already_decided", "This case has been decided.")
    _close(rental, case, uphold=uphold, by=by, decision=decision, now=now)
    if uphold:
        _make_good(rental, case, by, now)
    publish(
        CaseDecided(
            **transitions.about(rental), rental_code=rental.code, case_id=case.id, upheld=uphold, reason=decision
        )
    )
    if rental.status == Status.COMPLETED:
        enqueue(rental_jobs.PROCESS_OVERDUE_PAYMENT, rental_id=str(rental.id))
    return case


def _decide_at_once(rental: Rental, case: RentalCase, now: datetime) -> bool:
    """A loss is believed. A return is proven by the slot that shows the bank. A fault reported at once is swapped when
    the bank is back."""
    proven = False
    if case.issue_type == IssueType.LOST and rental.status in OUT:
        # A bank that is back already, or that staff have to decide about, is not sold to anybody.
        if not (rental.came_late or rental.provisional or times.is_back(rental)):
            losses.declare(rental, cause=f"user:{rental.user_id}", now=now)
            proven = True
    elif case.issue_type == IssueType.RETURNED and rental.status in (*OUT, Status.COMPLETED):
        # The return is being worked on, or has been.
        proven = case.evidence["bank_back_at"] is not None and case.evidence["bank_now"] == Place.SLOT
    elif (
        case.issue_type in FAULTS
        and custody_queries.find_whereabouts(rental.bank_id).rental_id == rental.id
        and not _believed_often(rental.user_id, case, now)
    ):
        early = rental.started_at is not None and now <= rental.started_at + SWAP_WITHIN
        bank = open_session().get_one(PowerBank, rental.bank_id)
        banks.quarantine_bank(bank.serial, reason=f"reported: {case.issue_type}", now=now)
        proven = early and rental.status == Status.ACTIVE
    if proven:
        _close(rental, case, uphold=True, by=SYSTEM, decision="proven by the records", now=now)
    return proven


def _believed_often(user_id: UUID, case: RentalCase, now: datetime) -> bool:
    """Each fault that is believed takes a power bank out of use, and may make a rental free. Beyond a few that nobody
    has confirmed, staff look first."""
    told = (
        select(func.count(), func.count().filter(RentalCase.reported_at > now - DAY))
        .join(Rental, Rental.id == RentalCase.rental_id)
        .where(
            Rental.user_id == user_id,
            RentalCase.id != case.id,
            RentalCase.issue_type.in_(FAULTS),
            RentalCase.reported_at > now - MONTH,
            or_(RentalCase.status != CaseStatus.UPHELD, RentalCase.decided_by == SYSTEM),
        )
    )
    in_a_month, in_a_day = open_session().execute(told).one()
    return in_a_month >= BELIEVED_IN_A_MONTH or in_a_day >= BELIEVED_IN_A_DAY


def _close(rental: Rental, case: RentalCase, *, uphold: bool, by: str, decision: str, now: datetime) -> None:
    case.status = CaseStatus.UPHELD if uphold else CaseStatus.DISMISSED
    case.decided_at, case.decided_by, case.decision = now, by, decision
    transitions.note(
        rental, "case_decided", cause=by, at=now, case_id=str(case.id), issue_type=case.issue_type, upheld=uphold
    )


def _make_good(rental: Rental, case: RentalCase, by: str, now: datetime) -> None:
    """What was charged for the time after the report goes back; what never began is cancelled in full."""
    if case.issue_type == IssueType.NOT_EJECTED and rental.status == Status.UNRESOLVED:
        ejection.give_up(rental, now=now)
    elif case.issue_type == IssueType.NOT_EJECTED and rental.status == Status.LOST:
        refund(rental, None, what=f"case:{case.id}", by=by, now=now)
    elif case.issue_type == IssueType.NOT_EJECTED and rental.status in (*OUT, Status.COMPLETED):
        returns.cancel_in_full(rental, "dispute_upheld", cause=by, now=now)
    elif case.issue_type == IssueType.RETURNED and rental.status == Status.LOST:
        returns.found(rental, at=case.reported_at, now=now)
    elif rental.status in OUT and case.issue_type == IssueType.RETURNED:
        returns.end(rental, at=case.reported_at, cause=by, now=now, how="dispute")
    elif rental.settled_at is not None and rental.ended_at is not None and case.reported_at < rental.ended_at:
        above = billing.overdue_fee(rental, rental.ended_at) - billing.overdue_fee(rental, case.reported_at)
        back = billing.give_back(rental, above, what=f"case:{case.id}", actor=by, now=now, kinds={Kind.OVERDUE_REVENUE})
        rental.overdue_amount -= back
        if back:
            publish(RentalRefunded(**transitions.about(rental), amount=back))


def refund(rental: Rental, amount: int | None, *, what: str, by: str, now: datetime) -> int:
    """Staff give money back, within what was paid or is owed."""
    back = billing.give_back(rental, amount, what=what, actor=by, now=now, kinds=set(REVENUES))
    if back:
        publish(RentalRefunded(**transitions.about(rental), amount=back))
    return back


def _open_case(rental: Rental, issue_type: IssueType) -> RentalCase:
    return (
        open_session()
        .scalars(select(RentalCase).filter_by(rental_id=rental.id, issue_type=issue_type, status=CaseStatus.OPEN))
        .one()
    )


def _shown(moment: datetime | None) -> str | None:
    return format_time(moment) if moment is not None else None
