"""The central bank's feed: 200 whatever happens, and oddities that a reader must bear."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from scripts.sandbox import Sandbox

TODAY = datetime.now(UTC).date()


@pytest.fixture
def feed(sandbox: Sandbox, http: requests.Session) -> Any:
    def feed(**changed: Any) -> dict[str, Any]:
        asked = {"page": 1, "per_page": 5, "from": str(TODAY - timedelta(days=6)), "to": str(TODAY)} | changed
        answer = http.get(f"{sandbox.url}/nrb/api/forex/v1/rates", params=asked, timeout=10)
        assert answer.status_code == 200
        return answer.json()

    return feed


def test_prices_are_text_for_a_number_of_units(feed: Any) -> None:
    found = feed()
    assert found["status"]["code"] == 200
    newest = found["data"]["payload"][0]
    assert newest["date"] == str(TODAY)
    rupee = next(rate for rate in newest["rates"] if rate["currency"]["iso3"] == "INR")
    assert rupee == {
        "currency": {"iso3": "INR", "name": "Indian Rupee", "unit": 100},
        "buy": "160.00",
        "sell": "160.15",
    }


def test_rates_come_in_pages(feed: Any) -> None:
    assert (len(feed()["data"]["payload"]), len(feed(page=2)["data"]["payload"])) == (5, 2)
    assert feed()["pagination"]["pages"] == 2


@pytest.mark.parametrize("changed", [{"page": None}, {"per_page": None}, {"per_page": 101}, {"from": "yesterday"}])
def test_what_is_wrong_has_no_payload(feed: Any, changed: dict[str, Any]) -> None:
    found = feed(**changed)
    assert (found["status"]["code"], found["data"]["payload"]) == (400, None)
    assert set(found["errors"]["validation"]) == set(changed)


def test_an_empty_range_has_the_code_of_a_mistake_too(feed: Any) -> None:
    found = feed(**{"from": "2999-01-01", "to": "2999-01-02"})
    assert (found["status"]["code"], found["data"]["payload"]) == (400, [])


def test_rates_and_holidays_are_set(sandbox: Sandbox, http: requests.Session, feed: Any) -> None:
    def change(**given: Any) -> int:
        return http.put(f"{sandbox.url}/nrb/rates", json=given, timeout=10).status_code

    def dollar(day: int) -> Any:
        return next(
            rate["buy"] for rate in feed()["data"]["payload"][day]["rates"] if rate["currency"]["iso3"] == "USD"
        )

    assert change(date=str(TODAY), null=True) == 200
    assert (dollar(0), dollar(1)) == (None, "139.77")
    assert change(rates={"USD": {"buy": "150.00", "sell": "151"}}) == 200
    assert (dollar(0), dollar(1)) == (None, "150.00")
    assert change(date=str(TODAY), null=False, rates={"USD": {"buy": "1", "sell": "2"}}) == 200
    assert (dollar(0), dollar(1)) == ("1", "150.00")
    assert change(date=str(TODAY), missing=True) == 200
    assert feed()["data"]["payload"][0]["date"] == str(TODAY - timedelta(days=1))
    assert change(rates={"USD": {"buy": "dear"}}) == 400
    sandbox.reset()
    assert dollar(0) == "139.77"
