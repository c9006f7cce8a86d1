"""Which gateways there are, by the settings that the sandbox stands for."""

from typing import Any

import pytest

import config
from powerbank.integrations.gateway import PaymentRequest
from powerbank.payments.gateways import make_gateways
from scripts.sandbox import Sandbox
from scripts.sandbox.environment import settings


@pytest.fixture
def load(vendors: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    def load(*left_out: str) -> config.Settings:
        for name in config.Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setenv("DATABASE_URL", "postgresql://x")
        for name, value in settings(vendors.url, vendors.smtp_port).items():
            if not name.startswith(left_out or ("-",)):
                monkeypatch.setenv(name, value)
        return config.load()

    return load


def test_all_that_the_sandbox_plays_are_there_and_work(
    load: Any, payment_request: PaymentRequest, dollars: PaymentRequest
) -> None:
    found = make_gateways(load())
    assert list(found) == ["khalti", "esewa", "stripe"]
    for name, gateway in found.items():
        opened = gateway.open_payment(dollars if name == "stripe" else payment_request, key=name)
        assert opened.payment_url or opened.form


@pytest.mark.parametrize(
    ("left_out", "names"),
    [
        (("KHALTI_",), ["esewa", "stripe"]),
        (("ESEWA_", "STRIPE_"), ["khalti"]),
        (("KHALTI_", "ESEWA_", "STRIPE_"), []),
    ],
)
def test_a_gateway_without_settings_is_off(load: Any, left_out: tuple[str, ...], names: list[str]) -> None:
    assert list(make_gateways(load(*left_out))) == names


@pytest.mark.parametrize(
    "missing", ["KHALTI_SECRET", "ESEWA_STATUS_URL", "ESEWA_PRODUCT_CODE", "ESEWA_SECRET", "STRIPE_WEBHOOK_SECRET"]
)
def test_half_a_gateway_does_not_start(load: Any, missing: str) -> None:
    with pytest.raises(config.ConfigurationError, match=missing):
        load(missing)
