from powerbank.base import money
from powerbank.base.errors import AppError, ConflictError


class InsufficientFundsError(AppError):
    def __init__(self, shortfall: int) -> None:
        super().__init__(
            "insufficient_funds",
            402,
            "There is not enough money in the wallet.",
            shortfall=money.format_amount(shortfall),
            currency=money.NPR,
        )
        self.shortfall = shortfall


class InsufficientPointsError(AppError):
    def __init__(self, shortfall: int) -> None:
        super().__init__("insufficient_points", 402, "There are not enough points.", shortfall_points=shortfall)
        self.shortfall = shortfall


class FloorError(ConflictError):
    """A hold or a due would be taken beyond what is in it."""

    def __init__(self, kind: str) -> None:
        super().__init__("beyond_balance", "This is more than there is.", account=kind)


class KeyReusedError(ConflictError):
    def __init__(self) -> None:
        super().__init__("ledger_key_conflict", "Something else was booked under this key.")


class UnbalancedError(ValueError):
    """A programmer's mistake: the lines of an entry do not sum to zero."""
