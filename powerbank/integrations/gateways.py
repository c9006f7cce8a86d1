"""The gateways that this network is set up with."""

from config import Settings
from powerbank.integrations.esewa.client import Esewa
from powerbank.integrations.gateway import Gateway
from powerbank.integrations.khalti.client import Khalti
from powerbank.integrations.stripe.client import Stripe


def configured(settings: Settings) -> dict[str, Gateway]:
    """To be made once for each process: each keeps its connections."""
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
