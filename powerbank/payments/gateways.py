"""The gateways that this network is set up with, and what may be paid through each."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import Flask, current_app

from config import Settings
from powerbank.base.errors import AppError, NotFoundError
from powerbank.base.money import NPR, format_amount
from powerbank.integrations.esewa.client import Esewa
from powerbank.integrations.gateway import Gateway
from powerbank.integrations.khalti.client import Khalti
from powerbank.integrations.stripe.client import Stripe


@dataclass(frozen=True)
class Limits:
    least: int
    most: int


# The limits are in the smallest unit of the currency. Khalti takes no less than ten rupees, Stripe about half a dollar.
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
    """Make the gateways once for each process, since each keeps its connections."""
    app.extensions["gateways"] = make_gateways(app.config["SETTINGS"])


def configured_gateways() -> dict[str, Gateway]:
    found: dict[str, Gateway] = current_app.extensions["gateways"]
    return found


def get_gateway(name: str) -> Gateway:
    gateway = configured_gateways().get(name)
    if gateway is None:
        raise UnknownGatewayError
    return gateway


def find_limits(gateway: str, currency: str) -> Limits:
    found = LIMITS[gateway].get(currency)
    if found is None:
        raise AppError("currency_not_taken", 422, "This way to pay does not take this currency.")
    return found


def get_gateway_or_404(name: str) -> Gateway:
    gateway = configured_gateways().get(name)
    if gateway is None:
        raise NotFoundError("gateway")
    return gateway


def describe_gateways() -> list[dict[str, Any]]:
    return [
        {
            "gateway": gateway.name,
            "name": gateway.title,
            "can_refund": gateway.can_refund,
            "currencies": list(LIMITS[gateway.name]),
            "limits": [
                {"currency": currency, "least": format_amount(bounds.least), "most": format_amount(bounds.most)}
                for currency, bounds in LIMITS[gateway.name].items()
            ],
        }
        for gateway in configured_gateways().values()
    ]


def make_gateways(settings: Settings) -> dict[str, Gateway]:
    found: list[Gateway] = []
    if settings.khalti_url and settings.khalti_secret.get_secret_value():
        secret = settings.khalti_secret.get_secret_value()
        found.append(Khalti(url=settings.khalti_url, secret=secret, website_url=settings.public_url))
    if settings.esewa_form_url and settings.esewa_status_url and settings.esewa_secret.get_secret_value():
        found.append(
            Esewa(
                form_url=settings.esewa_form_url,
                status_url=settings.esewa_status_url,
                product_code=settings.esewa_product_code,
                secret=settings.esewa_secret.get_secret_value(),
            )
        )
    if settings.stripe_secret.get_secret_value():
        found.append(
            Stripe(
                secret=settings.stripe_secret.get_secret_value(),
                webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
                url=settings.stripe_url,
            )
        )
    return {gateway.name: gateway for gateway in found}
