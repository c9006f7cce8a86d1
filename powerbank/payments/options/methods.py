"""The methods of payment: ways to pay an amount from what a person has. This is arithmetic; nothing reads or writes."""

from dataclasses import dataclass
from enum import StrEnum

from powerbank.base.money import points_for, value_of_points
from powerbank.ledger.errors import InsufficientFundsError
from powerbank.ledger.sources import Sources

STEP = 10  # where the wallet pays the rest, points pay whole steps of so many paisa


class Method(StrEnum):
    POINTS_ONLY = "points_only"
    WALLET_ONLY = "wallet_only"
    COMBINATION = "combination"
    TOPUP_REQUIRED = "topup_required"


# The methods that a payment can be made with.
PAYABLE = (Method.POINTS_ONLY, Method.WALLET_ONLY, Method.COMBINATION)


@dataclass(frozen=True)
class Option:
    method: Method
    points_used: int
    wallet_used: int
    total_cost: int
    recommended: bool = False
    topup_needed: int | None = None  # what is missing where nothing else suffices


def list_options(*, amount: int, wallet: int, points: int, points_per_npr: int) -> list[Option]:
    """List the methods that work, the best first; where none works, the top-up that makes one work."""
    if amount == 0:
        return [Option(Method.WALLET_ONLY, 0, 0, 0, recommended=True)]
    found: list[Option] = []
    whole = points_for(amount, points_per_npr)
    if points >= whole:
        found.append(Option(Method.POINTS_ONLY, whole, 0, amount))
    if wallet >= amount:
        found.append(Option(Method.WALLET_ONLY, 0, amount, amount))
    used, value = _steps(amount, points, points_per_npr)
    if value > 0 and points < whole and wallet >= amount - value:
        found.append(Option(Method.COMBINATION, used, amount - value, amount))
    if not found:
        missing = amount - value - wallet
        found.append(Option(Method.TOPUP_REQUIRED, used, amount - value, amount, topup_needed=missing))
    first = found[0]
    best = Option(first.method, first.points_used, first.wallet_used, amount, True, first.topup_needed)
    return [best, *found[1:]]


def topup_option(amount: int) -> list[Option]:
    """Offer a top-up alone, since money for the wallet comes from outside only."""
    return [Option(Method.TOPUP_REQUIRED, 0, 0, amount, recommended=True, topup_needed=amount)]


def split_amount(method: Method, *, amount: int, wallet: int, points: int, points_per_npr: int) -> Sources:
    """Split an amount into what the chosen method takes from the wallet and from points. It must not be zero."""
    if method is Method.POINTS_ONLY:
        whole = points_for(amount, points_per_npr)
        if points < whole:
            raise InsufficientFundsError(amount - min(value_of_points(points, points_per_npr), amount - 1))
        return Sources(points=whole, points_value=amount)
    if method is Method.WALLET_ONLY:
        return Sources(wallet=_take_from_wallet(amount, wallet))
    if method is not Method.COMBINATION:
        raise ValueError(f"nothing can be paid with {method}")
    used, value = _steps(amount, points, points_per_npr)
    return Sources(wallet=_take_from_wallet(amount - value, wallet), points=used, points_value=value)


def _take_from_wallet(amount: int, wallet: int) -> int:
    if wallet < amount:
        raise InsufficientFundsError(amount - wallet)
    return amount


def _steps(amount: int, points: int, points_per_npr: int) -> tuple[int, int]:
    """Give the points that pay most of an amount in whole steps, and the paisa that they pay."""
    if points >= points_for(amount, points_per_npr):
        return points_for(amount, points_per_npr), amount
    value = min(value_of_points(points, points_per_npr), amount) // STEP * STEP
    return points_for(value, points_per_npr), value
