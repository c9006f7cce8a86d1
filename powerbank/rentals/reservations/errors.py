"""The refusals of reservations, besides those of a rental: who may not rent may not reserve."""

from powerbank.base.errors import AppError, ConflictError


def reservation_exists() -> AppError:
    return ConflictError("reservation_exists", "You have a reservation already.")


def too_many_reservations(*, retry_after: int) -> AppError:
    refusal = AppError("too_many_reservations", 429, "Too many power banks were kept for you today and not taken.")
    refusal.retry_after = retry_after
    return refusal


def reservation_over(status: str) -> AppError:
    return ConflictError("reservation_over", f"A reservation that is {status} cannot be cancelled.")
