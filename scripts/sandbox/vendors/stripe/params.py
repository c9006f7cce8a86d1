"""What Stripe is sent, and how it says that it is wrong."""

import re
from collections.abc import Mapping
from typing import Any

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
# Shown without decimals, yet sent with two zeros.
WHOLE_ONLY = frozenset({"ugx", "isk", "huf", "twd"})
MIN_AMOUNT = {"usd": 50, "eur": 50, "gbp": 30, "inr": 50, "jpy": 50}
MAX_AMOUNT = 99_999_999
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


class StripeError(Exception):
    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        # What went wrong while the work was done is kept under its idempotency key; what was never begun is not.
        self.executed = executed
        given = {"code": code, "message": message, "param": param, "type": kind}
        self.body = {"error": {name: value for name, value in given.items() if value is not None}}


def unfold(pairs: Mapping[str, str]) -> dict[str, Any]:
    """`line_items[0][quantity]=1` as lists and objects."""
    found: dict[str, Any] = {}
    for name, value in pairs.items():
        matched = NAME.fullmatch(name)
        if not matched:
            raise StripeError(f"Invalid parameter name: {name}", code="parameter_unknown", param=name)
        steps = [matched[1], *re.findall(r"\[([^\[\]]*)\]", matched[2])]
        place = found
        for step in steps[:-1]:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                raise StripeError(f"Invalid object: {name}", param=name)
            place = inner
        place[steps[-1]] = value
    return {name: listed(value) for name, value in found.items()}


def listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: listed(one) for name, one in value.items()}
    if inner and all(name.isdigit() or not name for name in inner):
        return list(inner.values())
    return inner


def known_only(given: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for name in given:
        if name not in allowed:
            raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def required(given: Any, name: str, path: str | None = None) -> Any:
    value = given.get(name) if isinstance(given, dict) else None
    if value in (None, ""):
        raise StripeError(f"Missing required param: {path or name}.", code="parameter_missing", param=path or name)
    return value


def integer(value: Any, name: str) -> int:
    if not (isinstance(value, str) and re.fullmatch(r"-?\d{1,15}", value, re.ASCII)):
        raise StripeError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def texts(value: Any, name: str) -> dict[str, str]:
    if value is None or value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise StripeError("Invalid object", param=name)
    if len(value) > 50 or any(len(key) > 40 or len(one) > 500 for key, one in value.items()):
        raise StripeError("Metadata values can have up to 500 characters", param=name)
    return dict(value)


def currency(value: Any, name: str) -> str:
    code = str(value).lower()
    if not re.fullmatch(r"[a-z]{3}", code):
        raise StripeError(f"Invalid currency: {value}.", param=name)
    return code


def check_amount(amount: int, code: str, name: str) -> None:
    if amount < MIN_AMOUNT.get(code, 1):
        raise StripeError("Amount must be at least the minimum charge.", code="amount_too_small", param=name)
    if amount > MAX_AMOUNT:
        raise StripeError("Amount must be no more than 99999999.", code="amount_too_large", param=name)
    if (code in THREE_DECIMAL and amount % 10) or (code in WHOLE_ONLY and amount % 100):
        raise StripeError(f"Invalid amount for {code}: it is too precise.", code="invalid_charge_amount", param=name)


def decimals(code: str) -> int:
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2
