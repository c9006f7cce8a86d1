from powerbank.base.errors import AppError, ConflictError


class SecondPersonError(AppError):
    def __init__(self, why: str) -> None:
        super().__init__("second_person_required", 403, why)


class WrongStateError(ConflictError):
    def __init__(self, status: str) -> None:
        super().__init__("payout_state", f"This does not go while a payout is {status}.", payout_status=status)


class FutureCutoffError(AppError):
    def __init__(self) -> None:
        super().__init__("cutoff_in_future", 422, "The cutoff lies in the future.")


class BankFileError(AppError):
    """A file of a bank's answers is refused as a whole, and nothing has changed."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(
            "bank_file_refused", 422, "Nothing of this file was taken over.", errors={"file": errors[:100]}
        )
