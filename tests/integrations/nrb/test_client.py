"""Exchange rates per unit, exact, from a feed with oddities."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.nrb.client import Nrb, Rate
from scripts.sandbox import Sandbox
from tests.receiver import Receiver

TODAY = datetime.now(UTC).date()
WEEK = TODAY - timedelta(days=7)


@pytest.fixture
def nrb(vendors: Sandbox) -> Nrb:
    return Nrb(url=f"{vendors.url}/nrb/api/forex/v1")


@pytest.fixture
def change(vendors: Sandbox) -> Any:
    def change(**given: Any) -> None:
        assert requests.put(f"{vendors.url}/nrb/rates", json=given, timeout=10).status_code == 200

    return change


def newest(nrb: Nrb, currency: str) -> Rate:
    return next(rate for rate in nrb.list_rates(WEEK, TODAY) if rate.currency == currency)


def test_prices_are_for_one_unit(nrb: Nrb) -> None:
    assert newest(nrb, "USD") == Rate(TODAY, "USD", Decimal("139.77"), Decimal("140.37"))
    assert newest(nrb, "INR").buy == Decimal("1.6")
    assert newest(nrb, "JPY").sell == Decimal("0.908")


def test_holidays_and_missing_days_are_passed_over(nrb: Nrb, change: Any) -> None:
    change(date=str(TODAY), null=True)
    change(date=str(TODAY - timedelta(days=1)), missing=True)
    assert newest(nrb, "USD").day == TODAY - timedelta(days=2)


def test_an_empty_range_is_no_failure(nrb: Nrb, change: Any) -> None:
    change(date=str(TODAY), missing=True)
    assert nrb.list_rates(TODAY, TODAY) == []


def test_many_days_come_in_pages(nrb: Nrb) -> None:
    found = nrb.list_rates(TODAY - timedelta(days=149), TODAY)
    assert len({rate.day for rate in found}) == 150
    assert found[0].day == TODAY


@pytest.mark.parametrize("fault", ["error", "unavailable", "html", "drop"])
def test_faults_of_the_central_bank_are_transient(vendors: Sandbox, nrb: Nrb, fault: str) -> None:
    vendors.faults.set("nrb", fault, times=2)
    with pytest.raises(VendorError):
        nrb.list_rates(WEEK, TODAY)


def test_a_question_that_is_not_understood_is_refused(receiver: Receiver) -> None:
    receiver.body = (
        b'{"status": {"code": 400}, "errors": {"validation": {"page": ["required"]}}, "data": {"payload": null}}'
    )
    with pytest.raises(VendorRefusedError):
        Nrb(url=receiver.url).list_rates(WEEK, TODAY)


@pytest.mark.parametrize("price", ['"0"', '"-1"', '"NaN"', '"dear"', "[]", '"Infinity"'])
def test_a_price_that_is_none_fails_the_whole(receiver: Receiver, price: str) -> None:
    rate = f'{{"currency": {{"iso3": "USD", "unit": 1}}, "buy": {price}, "sell": "1"}}'
    receiver.body = f'{{"data": {{"payload": [{{"date": "2026-11-01", "rates": [{rate}]}}]}}}}'.encode()
    with pytest.raises(VendorError):
        Nrb(url=receiver.url).list_rates(WEEK, TODAY)
