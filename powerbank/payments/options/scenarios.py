"""The scenarios: what somebody may want to pay for. `powerbank.wiring` says how the price of each is found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from powerbank.base.errors import AppError, InvalidFieldsError
from powerbank.content import app_config
from powerbank.ledger import queries
from powerbank.payments.options.methods import Option, list_options, topup_option

# It gets the arguments as the request has them: ids as UUID, amounts in paisa, and None for what is missing.
Resolve = Callable[[UUID, Mapping[str, Any]], int]
Freed = Callable[[UUID], int]

NAMES = ("pre_payment", "post_payment", "wallet_topup")


@dataclass(frozen=True)
class Scenario:
    resolve: Resolve
    needs: tuple[str, ...]
    from_outside: bool  # it cannot be paid with what is in the wallet already


@dataclass(frozen=True)
class Calculation:
    amount: int
    available_points: int
    available_wallet: int
    options: list[Option]


_scenarios: dict[str, Scenario] = {}
_freed: dict[str, Freed] = {}


def register_scenario(name: str, resolve: Resolve, *, needs: tuple[str, ...] = (), from_outside: bool = False) -> None:
    """Register how the price of a scenario is found.

    `resolve(user_id, arguments)` gives the paisa that are to be paid, or raises an `AppError`. It only reads.
    """
    if name not in NAMES:
        raise ValueError(f"{name} is no scenario of the API")
    _scenarios[name] = Scenario(resolve, needs, from_outside)


def register_freed(name: str, freed: Freed) -> None:
    """Register what is held of a person's wallet until this is paid for, and is free then."""
    _freed[name] = freed


def calculate_options(user_id: UUID, name: str, arguments: Mapping[str, Any]) -> Calculation:
    scenario = _scenarios.get(name)
    if scenario is None:
        raise AppError("scenario_unavailable", 422, "Nothing of this kind can be paid for here.")
    missing = {field: ["Missing data for required field."] for field in scenario.needs if arguments.get(field) is None}
    if missing:
        raise InvalidFieldsError(missing)
    amount = scenario.resolve(user_id, arguments)
    has = queries.wallet_of_user(user_id)
    wallet = has.balance + (_freed[name](user_id) if name in _freed else 0)
    if scenario.from_outside:
        found = topup_option(amount)
    else:
        rate = app_config.current().points_per_npr
        found = list_options(amount=amount, wallet=wallet, points=has.points, points_per_npr=rate)
    return Calculation(amount, has.points, wallet, found)


def topup_amount(user_id: UUID, arguments: Mapping[str, Any]) -> int:
    return int(arguments["amount"])
