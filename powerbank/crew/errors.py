"""The refusals of the crew's domain. Each has a code that an app can act on."""

from collections.abc import Sequence
from typing import Any

from powerbank.base.errors import AppError, ConflictError


def not_crew() -> AppError:
    return AppError("not_crew", 403, "You are no member of the crew.")


def outside_zones() -> AppError:
    return AppError("outside_zones", 403, "This station is outside your zones.")


def task_taken() -> AppError:
    return ConflictError("task_taken", "Somebody else has this task.")


def task_closed(status: str) -> AppError:
    return ConflictError("task_closed", f"This task is over: {status}.", task_status=status)


def task_not_yours() -> AppError:
    return ConflictError("task_not_claimed", "Claim this task first.")


def too_many_claims(most: int) -> AppError:
    return ConflictError("too_many_claims", f"You have {most} tasks already; finish or release one first.")


def task_exists(task_id: object) -> AppError:
    return ConflictError("task_exists", "The station has a task of this kind that is not over.", task_id=str(task_id))


def not_shown_by_station(**facts: Any) -> AppError:
    return ConflictError(
        "not_shown_by_station",
        "The station does not show yet that this is done. When it does, it is done.",
        **facts,
    )


def no_open_shift() -> AppError:
    return ConflictError("no_open_shift", "No shift has begun.")


def no_open_break() -> AppError:
    return ConflictError("no_open_break", "No break has begun.")


def shift_unfinished(*, tasks: Sequence[dict[str, Any]], banks: Sequence[str], openings: int) -> AppError:
    return ConflictError(
        "shift_unfinished",
        "Finish or release your tasks, and hand in the power banks that you have, before the shift ends.",
        open_tasks=list(tasks),
        banks_in_hand=list(banks),
        slots_opening=openings,
    )


def not_in_hand(serials: Sequence[str]) -> AppError:
    return ConflictError("not_in_hand", "You do not have these power banks.", serials=list(serials))


def not_in_station(serials: Sequence[str]) -> AppError:
    return ConflictError("not_in_station", "These power banks are not in this station.", serials=list(serials))


def slots_empty(numbers: Sequence[int]) -> AppError:
    return ConflictError("slot_empty", "There is no power bank in these slots.", slot_numbers=list(numbers))


def banks_promised(serials: Sequence[str]) -> AppError:
    return ConflictError("power_bank_promised", "These power banks are promised to somebody.", serials=list(serials))


def not_in_warehouse(serials: Sequence[str]) -> AppError:
    return ConflictError("not_in_warehouse", "These power banks do not lie in this warehouse.", serials=list(serials))
