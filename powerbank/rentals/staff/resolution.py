"""The decisions of staff about a rental. What is worth much waits for a second person."""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base import money
from powerbank.base.audit import staff_actor
from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.ledger.accounts import Kind
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import Act, StaffAct
from powerbank.rentals import queries, transitions
from powerbank.rentals.charges import billing, extension
from powerbank.rentals.disputes import services as cases
from powerbank.rentals.end import completion, losses, swaps
from powerbank.rentals.models import Rental
from powerbank.rentals.start import ejection, initiation
from powerbank.rentals.states import OUT, Status

_Value = TypeVar("_Value")


class Action(StrEnum):
    COMPLETE = "complete"  # the power bank is back; the meter ended at `at`, or ends now
    CANCEL = "cancel"  # nothing was owed at all
    LOST = "lost"
    EXTEND = "extend"  # the due time moves by `minutes`, free of charge
    SWAP = "swap"  # another power bank comes out when this one is back soon
    REFUND = "refund"
    CHARGE = "charge"
    UPHOLD = "uphold"
    DISMISS = "dismiss"


# These actions count against the allowance of the member of staff. Where a rental ends by its own tariff, staff give
# and take nothing.
ACTS = MappingProxyType(
    {
        Action.CANCEL: Act.RENTAL_REFUND,
        Action.UPHOLD: Act.RENTAL_REFUND,
        Action.REFUND: Act.RENTAL_REFUND,
        Action.EXTEND: Act.RENTAL_REFUND,
        Action.LOST: Act.RENTAL_LOSS,
        Action.CHARGE: Act.RENTAL_CHARGE,
    }
)


def resolve_by_staff(
    rental_id: UUID,
    *,
    action: str,
    reason: str,
    staff: Staff,
    now: datetime,
    amount: int | None = None,
    at: datetime | None = None,
    case_id: UUID | None = None,
    minutes: int | None = None,
) -> Rental | StaffAct:
    """Resolve a rental within the allowance of a member of staff. Beyond it, return the act that waits for approval."""
    act = ACTS.get(Action(action))
    if act is not None:
        allowances.refuse_unless_permitted(act, staff)
        allowances.lock_allowance(staff.id)
        rental = queries.lock_rental(rental_id)
        worth, about = _largest_value(rental, Action(action), amount, minutes, now), billing.ledger_reference(rental)
        if not allowances.use_allowance(act, staff.id, worth=worth, about=about, now=now):
            details = {
                "action": action,
                "amount": None if amount is None else money.format_amount(amount),
                "case_id": None if case_id is None else str(case_id),
                "minutes": minutes,
            }
            return allowances.keep_act_waiting(
                act, staff.id, worth=worth, about=about, reason=reason, details=details, now=now
            )
    by = staff_actor(staff.id)
    return resolve_rental(
        rental_id, action=action, reason=reason, by=by, now=now, amount=amount, at=at, case_id=case_id, minutes=minutes
    )


def resolve_after_approval(act: StaffAct, *, staff: Staff, now: datetime) -> None:
    """Resolve a rental as it was asked for, once the second person has approved."""
    details = act.details
    resolve_rental(
        UUID(act.about_id),
        action=details["action"],
        reason=act.reason,
        by=staff_actor(staff.id),
        now=now,
        amount=money.parse_amount(details["amount"]) if details["amount"] else None,
        case_id=UUID(details["case_id"]) if details["case_id"] else None,
        minutes=details.get("minutes"),  # acts that waited before there was this detail have none
    )


def resolve_rental(
    rental_id: UUID,
    *,
    action: str,
    reason: str,
    by: str,
    now: datetime,
    amount: int | None = None,
    at: datetime | None = None,
    case_id: UUID | None = None,
    minutes: int | None = None,
) -> Rental:
    """Carry out an action of staff on a rental and note it in the log."""
    rental = queries.lock_rental(rental_id)
    billing.lock_funds(rental.user_id)
    do = Action(action)
    if do in (Action.UPHOLD, Action.DISMISS):
        _decide(rental, case_id, uphold=do is Action.UPHOLD, by=by, reason=reason, now=now)
    elif do is Action.REFUND:
        _refund(rental, amount, by, now)
    elif do is Action.CHARGE:
        _charge(rental, amount)
    elif do is Action.EXTEND:
        extension.give_time(rental, minutes=_required(minutes, "minutes"), by=by, now=now)
    elif do is Action.SWAP:
        swaps.grant_swap(rental, by=by, reason=reason, now=now)
    else:
        _end(rental, do, at=at, by=by, now=now)
    transitions.note_event(rental, "resolved", cause=by, at=now, action=do.value, reason=reason)
    return rental


def audit_values(rental: Rental) -> dict[str, Any]:
    """Return what the audit log shows of a rental."""
    return {
        "status": rental.status,
        "amount_paid": money.format_amount(billing.amount_paid(rental)),
        "due_amount": money.format_amount(sum(due.left for due in billing.open_dues(rental))),
    }


def _largest_value(rental: Rental, do: Action, amount: int | None, minutes: int | None, now: datetime) -> int:
    """Return the largest sum in paisa that an action can give or take."""
    if do is Action.CHARGE:
        return _chargeable(rental, amount)
    if do is Action.EXTEND:
        return extension.worth_of_time(rental, _required(minutes, "minutes"), now=now)
    if do is Action.LOST:
        return max(0, rental.replacement_price - rental.overdue_amount)
    of_the_rental = billing.amount_paid(rental) + sum(due.left for due in billing.open_dues(rental))
    return of_the_rental if amount is None else min(amount, of_the_rental)


def _chargeable(rental: Rental, amount: int | None) -> int:
    """Return the amount, or refuse if all charges of staff for this rental exceed the price of its power bank."""
    amount = _required(amount, "amount")
    before = allowances.total_worth_of_acts(billing.ledger_reference(rental), Act.RENTAL_CHARGE)
    if before + amount > rental.replacement_price:
        most = max(0, rental.replacement_price - before)
        raise ConflictError(
            "charge_too_high", "Staff charge at most the price of the power bank.", chargeable=money.format_amount(most)
        )
    return amount


def _end(rental: Rental, do: Action, *, at: datetime | None, by: str, now: datetime) -> None:
    if do is Action.COMPLETE and (rental.status in OUT or rental.status == Status.UNRESOLVED):
        # Staff have decided about a power bank that came out late too: from here on it is billed like any other.
        rental.came_late = False
        completion.end_rental(rental, at=min(at or now, now), cause=by, now=now, how="staff")
    elif do is Action.LOST and rental.status in OUT:
        losses.declare_lost(rental, cause=by, now=now)
    elif do is Action.CANCEL and rental.status == Status.PENDING:
        initiation.abandon_initiation(rental.id, event="cancelled", cause=by, now=now)
    elif do is Action.CANCEL and rental.status in (Status.EJECTING, Status.UNRESOLVED):
        ejection.give_up_ejection(rental, now=now)
    elif do is Action.CANCEL and rental.status in (*OUT, Status.COMPLETED):
        completion.cancel_in_full(rental, "cancelled_by_staff", cause=by, now=now)
    else:
        raise ConflictError("not_resolvable", f"A rental that is {rental.status} cannot be resolved so.")


def _decide(rental: Rental, case_id: UUID | None, *, uphold: bool, by: str, reason: str, now: datetime) -> None:
    cases.decide_case(_required(case_id, "case_id"), rental, uphold=uphold, by=by, decision=reason, now=now)


def _refund(rental: Rental, amount: int | None, by: str, now: datetime) -> None:
    if cases.refund_rental(rental, amount, what=f"resolve:{rental.version}", by=by, now=now) == 0:
        raise ConflictError("nothing_to_refund", "Nothing was paid or is owed for this rental.")


def _charge(rental: Rental, amount: int | None) -> None:
    fee = _required(amount, "amount")
    billing.collect_fee(rental, fee, what=f"resolve:{rental.version}", revenue=Kind.RENTAL_REVENUE)


def _required(given: _Value | None, field: str) -> _Value:
    if not given:
        raise InvalidFieldsError({field: ["Missing data for required field."]})
    return given
