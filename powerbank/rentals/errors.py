"""The refusals of rentals. Each has a code that the app can act on."""

from powerbank.base import money
from powerbank.base.errors import AppError, ConflictError, NotAdmittedError


def starts_refused(*, retry_after: int) -> AppError:
    return NotAdmittedError(
        "starts_refused",
        "No power bank can be handed out in time right now. Nothing was held; try again shortly.",
        retry_after,
    )


def kyc_required() -> AppError:
    return AppError("kyc_required", 403, "Have your identity checked first.")


def profile_incomplete() -> AppError:
    return AppError("profile_incomplete", 403, "Complete your profile first.")


def account_blocked() -> AppError:
    return AppError("account_blocked", 403, "This account may not rent.")


def outstanding_due(amount: int) -> AppError:
    return AppError("outstanding_due", 403, "Pay what is due first.", due_amount=money.format_amount(amount))


def open_rental_exists() -> AppError:
    return ConflictError("open_rental_exists", "You have an open rental already.")


def not_cancellable(status: str) -> AppError:
    return ConflictError("not_cancellable", f"A rental that is {status} cannot be cancelled now.")


def cancelled_today() -> AppError:
    return ConflictError("cancelled_today", "One rental a day can be given back free of charge.")


def not_extendable(status: str) -> AppError:
    return ConflictError("not_extendable", f"A rental that is {status} cannot be extended.")


def other_payment_model() -> AppError:
    return ConflictError("payment_model_differs", "Extend with a package that is paid in the same way.")


def rental_over(status: str) -> AppError:
    return ConflictError("rental_over", f"A rental that is {status} takes no more of this.")
