"""The gateways of this network, and what may be paid through each."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import Flask, current_app

from powerbank.base.errors import AppError, NotFoundError
from powerbank.base.money import NPR, show
from powerbank.integrations import gateways
from powerbank.integrations.gateway import Gateway


@dataclass(frozen=True)
class Limits:
    least: int
    most: int


# In the smallest unit of the currency. Khalti takes no less than ten rupees, Stripe about half a dollar.
LIMITS = MappingProxyType(
    {
        "khalti": {NPR: Limits(1_000, 10_000_000)},
        "esewa": {NPR: Limits(1_000, 10_000_000)},
        "stripe": {
            NPR: Limits(10_000, 10_000_000),
            "USD": Limits(100, 100_000),
            "EUR": Limits(100, 100_000),
            "INR": Limits(5_000, 5_000_000),
        },
    }
)


class UnknownGatewayError(AppError):
    def __init__(self) -> None:
        super().__init__("gateway_unavailable", 422, "This way to pay is not offered.")


def init_app(app: Flask) -> None:
    """Made once: each keeps its connections."""
    app.extensions["gateways"] = gateways.configured(app.config["SETTINGS"])


def offered() -> dict[str, Gateway]:
    found: dict[str, Gateway] = current_app.extensions["gateways"]
    return found


def get(name: str) -> Gateway:
    gateway = offered().get(name)
    if gateway is None:
        raise UnknownGatewayError
    return gateway


def limits(gateway: str, currency: str) -> Limits:
    found = LIMITS[gateway].get(currency)
    if found is None:
        raise AppError("currency_not_taken", 422, "This way to pay does not take this currency.")
    return found


def get_or_404(name: str) -> Gateway:
    gateway = offered().get(name)
    if gateway is None:
        raise NotFoundError("gateway")
    return gateway


def shown() -> list[dict[str, Any]]:
    return [
        {
            "gateway": gateway.name,
            "name": gateway.title,
            "can_refund": gateway.can_refund,
            "currencies": list(LIMITS[gateway.name]),
            "limits": [
                {"currency": currency, "least": show(bounds.least), "most": show(bounds.most)}
                for currency, bounds in LIMITS[gateway.name].items()
            ],
        }
        for gateway in offered().values()
    ]
