"""Give eSewa's client, and a payment that is opened there."""

import pytest

from powerbank.integrations.esewa.client import Esewa
from powerbank.integrations.gateway import (
    OpenedPayment,
    PaymentRequest,
)
from scripts.sandbox import Sandbox


@pytest.fixture
def esewa(vendors: Sandbox) -> Esewa:
    base = f"{vendors.url}/esewa/api/epay"
    return Esewa(
        form_url=f"{base}/main/v2/form",
        status_url=f"{base}/transaction/status/",
        product_code=vendors.accounts.esewa_product,
        secret=vendors.accounts.esewa_secret,
    )


@pytest.fixture
def opened(esewa: Esewa, payment_request: PaymentRequest) -> OpenedPayment:
    return esewa.open_payment(payment_request, key="k")
