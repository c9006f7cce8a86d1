"""Disputes: a person reports an issue, and staff decide the case, or the records decide it at once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import format_time
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.ledger.accounts import REVENUES, Kind
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.rentals import errors, queries, transitions
from powerbank.rentals.charges import billing, fees, settlement
from powerbank.rentals.disputes.models import SYSTEM, CaseStatus, IssueType, RentalCase
from powerbank.rentals.end import completion, losses
from powerbank.rentals.events import CaseDecided, RentalDisputed, RentalRefunded
from powerbank.rentals.models import Rental
from powerbank.rentals.staff import dossier
from powerbank.rentals.start import ejection
from powerbank.rentals.states import OUT, Status
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, PowerBank
from powerbank.stations.issues import photos

SWAP_WITHIN = timedelta(minutes=5)  # after the start
DAY, MONTH = timedelta(days=1), timedelta(days=30)
# So many faults that one person reports are believed before anybody has looked at the power bank.
BELIEVED_IN_A_DAY, BELIEVED_IN_A_MONTH = 1, 3
FAULTS = frozenset({IssueType.NOT_CHARGING, IssueType.DAMAGED})


def report_issue(
    rental_id: UUID,
    *,
    user_id: UUID,
    issue_type: IssueType,
    description: str | None,
    now: datetime,
    photo: bytes | None = None,
) -> RentalCase:
    """Open a case for an issue with a rental. The same issue again is the same case, which gets a further photo."""
    rental = queries.lock_rental_of_user(rental_id, user_id)
    billing.lock_funds(user_id)
    if rental.status in (Status.PENDING, Status.EJECTING):
        raise errors.rental_over(rental.status)
    new_case = insert(RentalCase).values(
        id=new_id(),
        rental_id=rental.id,
        issue_type=issue_type,
        description=description,
        reported_at=now,
        evidence=collect_evidence(rental, now),
        status=CaseStatus.OPEN,
    )
    case_id = open_session().scalar(
        new_case.on_conflict_do_nothing(
            index_elements=["rental_id", "issue_type"], index_where=RentalCase.status == CaseStatus.OPEN
        ).returning(RentalCase.id)
    )
    if case_id is None:
        open_case = _find_open_case(rental, issue_type)
        photos.save_photo(photo, subject_id=open_case.id, user_id=user_id, now=now)
        return open_case
    photos.save_photo(photo, subject_id=case_id, user_id=user_id, now=now)
    case = open_session().get_one(RentalCase, case_id)
    transitions.note_event(rental, "issue_reported", cause=f"user:{user_id}", at=now, issue_type=issue_type)
    if not _decide_at_once(rental, case, now):
        publish(RentalDisputed(**transitions.staff_event_fields(rental), case_id=case.id, issue_type=issue_type.value))
    return case


def collect_evidence(rental: Rental, now: datetime) -> dict[str, Any]:
    """Return what the records say now. Station messages are kept for weeks only, but with the case they stay."""
    custody = queries.newest_custody(rental)
    return {
        "status": rental.status,
        "bank_left_at": _show_time(custody.since) if custody else None,
        "bank_back_at": _show_time(custody.until) if custody else None,
        "bank_now": custody_queries.find_whereabouts(rental.bank_id).place.value,
        "reports": [
            each._asdict() | {"received_at": format_time(each.received_at)}
            for each in dossier.station_messages(rental, now=now)
        ],
    }


def decide_case(case_id: UUID, rental: Rental, *, uphold: bool, by: str, decision: str, now: datetime) -> RentalCase:
    """Uphold or dismiss an open case of a rental that the caller has locked."""
    billing.lock_funds(rental.user_id)
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
    billed_until = settlement.meter_end(rental, rental.ended_at) if rental.ended_at is not None else None
    _close_case(rental, case, uphold=uphold, by=by, decision=decision, now=now)
    if uphold:
        _make_good(rental, case, by, now, billed_until=billed_until)
    publish(
        CaseDecided(
            **transitions.event_fields(rental), rental_code=rental.code, case_id=case.id, upheld=uphold, reason=decision
        )
    )
    if rental.status == Status.COMPLETED:
        enqueue(rental_jobs.PROCESS_OVERDUE_PAYMENT, rental_id=str(rental.id))
    return case


def _decide_at_once(rental: Rental, case: RentalCase, now: datetime) -> bool:
    """Uphold a case that the records prove, and tell whether it was upheld.

    A loss is believed. A return is proven by the slot that shows the power bank. A fault that is reported early is
    believed, and the power bank is swapped when it is back.
    """
    proven = False
    if case.issue_type == IssueType.LOST and rental.status in OUT:
        # A power bank that is back already, or about which staff decide, is not sold to anybody.
        if not (rental.came_late or rental.provisional or queries.is_bank_back(rental)):
            losses.declare_lost(rental, cause=f"user:{rental.user_id}", now=now)
            proven = True
    elif case.issue_type == IssueType.RETURNED and rental.status in (*OUT, Status.COMPLETED):
        # The job of the return runs soon, or has run.
        proven = case.evidence["bank_back_at"] is not None and case.evidence["bank_now"] == Place.SLOT
    elif (
        case.issue_type in FAULTS
        and custody_queries.find_whereabouts(rental.bank_id).rental_id == rental.id
        and not _is_often_believed(rental.user_id, case, now)
    ):
        early = rental.started_at is not None and now <= rental.started_at + SWAP_WITHIN
        bank = open_session().get_one(PowerBank, rental.bank_id)
        banks.quarantine_bank(bank.serial, reason=f"reported: {case.issue_type}", now=now)
        proven = early and rental.status in OUT
    if proven:
        _close_case(rental, case, uphold=True, by=SYSTEM, decision="proven by the records", now=now)
    return proven


def _is_often_believed(user_id: UUID, case: RentalCase, now: datetime) -> bool:
    """Tell whether so many faults of this person were believed that staff look first.

    Each fault that is believed takes a power bank out of use and may make a rental free of charge. Faults that staff
    have upheld do not count.
    """
    counts = (
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
    in_a_month, in_a_day = open_session().execute(counts).one()
    return in_a_month >= BELIEVED_IN_A_MONTH or in_a_day >= BELIEVED_IN_A_DAY


def _close_case(rental: Rental, case: RentalCase, *, uphold: bool, by: str, decision: str, now: datetime) -> None:
    """Write the decision to the case and to the log of its rental."""
    case.status = CaseStatus.UPHELD if uphold else CaseStatus.DISMISSED
    case.decided_at, case.decided_by, case.decision = now, by, decision
    transitions.note_event(
        rental, "case_decided", cause=by, at=now, case_id=str(case.id), issue_type=case.issue_type, upheld=uphold
    )


def _make_good(rental: Rental, case: RentalCase, by: str, now: datetime, *, billed_until: datetime | None) -> None:
    """Do what follows from an upheld case: end, cancel or refund the rental.

    What was charged for the time after the report is refunded. A rental that never began is cancelled in full.
    `billed_until` is up to when a rental that has ended was billed, by the cases that were upheld before this one.
    """
    if case.issue_type == IssueType.NOT_EJECTED and rental.status == Status.UNRESOLVED:
        ejection.give_up_ejection(rental, now=now)
    elif case.issue_type == IssueType.NOT_EJECTED and rental.status == Status.LOST:
        refund_rental(rental, None, what=f"case:{case.id}", by=by, now=now)
    elif case.issue_type == IssueType.NOT_EJECTED and rental.status in (*OUT, Status.COMPLETED):
        completion.cancel_in_full(rental, "dispute_upheld", cause=by, now=now)
    elif case.issue_type == IssueType.RETURNED and rental.status == Status.LOST:
        losses.return_found_bank(rental, at=case.reported_at, cause=by, now=now)
    elif rental.status in OUT and case.issue_type == IssueType.RETURNED:
        completion.end_rental(rental, at=case.reported_at, cause=by, now=now, how="dispute")
    elif rental.settled_at is not None and billed_until is not None and case.reported_at < billed_until:
        _refund_after_report(rental, case, by, now, billed_until=billed_until)


def _refund_after_report(rental: Rental, case: RentalCase, by: str, now: datetime, *, billed_until: datetime) -> None:
    """Refund the fees for the time between a report and the end of the bill."""
    reported_at = case.reported_at
    overdue, usage = (
        billing.waive_and_refund(
            rental,
            fee(rental, billed_until) - fee(rental, reported_at),
            what=f"case:{case.id}",
            actor=by,
            now=now,
            kinds={kind},
        )
        for fee, kind in (
            (fees.overdue_fee_of_rental, Kind.OVERDUE_REVENUE),
            (fees.usage_fee_of_rental, Kind.RENTAL_REVENUE),
        )
    )
    rental.overdue_amount -= overdue
    if overdue + usage:
        publish(RentalRefunded(**transitions.event_fields(rental), amount=overdue + usage))


def refund_rental(rental: Rental, amount: int | None, *, what: str, by: str, now: datetime) -> int:
    """Waive and refund up to `amount` of what a person owes and paid for a rental, or all of it, as staff decided."""
    refunded = billing.waive_and_refund(rental, amount, what=what, actor=by, now=now, kinds=set(REVENUES))
    if refunded:
        publish(RentalRefunded(**transitions.event_fields(rental), amount=refunded))
    return refunded


def _find_open_case(rental: Rental, issue_type: IssueType) -> RentalCase:
    return (
        open_session()
        .scalars(select(RentalCase).filter_by(rental_id=rental.id, issue_type=issue_type, status=CaseStatus.OPEN))
        .one()
    )


def _show_time(moment: datetime | None) -> str | None:
    return format_time(moment) if moment is not None else None
