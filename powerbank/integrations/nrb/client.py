"""The central bank's exchange rates. Its status is always 200 and its code is no help, so the payload decides."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.http import Http

PER_PAGE = 100
MAX_PAGES = 40


@dataclass(frozen=True)
class Rate:
    """The rate of a day, in rupees for one unit of the currency."""

    day: date
    currency: str
    buy: Decimal
    sell: Decimal


class Nrb:
    def __init__(self, *, url: str) -> None:
        self._url = f"{url.rstrip('/')}/rates"
        self._http = Http("NRB")

    def list_rates(self, first: date, last: date) -> list[Rate]:
        """List the rates of each day that has them, newest first. Holidays have none, so ask for more days than one."""
        found: list[Rate] = []
        for page in range(1, MAX_PAGES + 1):
            payload, pages = self._page(page, first, last)
            found += [rate for day in payload for rate in read_rates(day)]
            if page >= pages:
                break
        return sorted(found, key=lambda rate: rate.day, reverse=True)

    def _page(self, page: int, first: date, last: date) -> tuple[list[Any], int]:
        asked = {"page": page, "per_page": PER_PAGE, "from": first.isoformat(), "to": last.isoformat()}
        answer = self._http.ask("GET", self._url, params=asked)
        if answer.status != 200:
            raise VendorError(f"NRB: {answer.status}")
        body = answer.object()
        data, errors, pagination = body.get("data"), body.get("errors"), body.get("pagination")
        payload = data.get("payload") if isinstance(data, dict) else None
        if isinstance(payload, list):
            pages = pagination.get("pages") if isinstance(pagination, dict) else 1
            return payload, pages if isinstance(pages, int) else 1
        if isinstance(errors, dict) and errors.get("validation"):
            raise VendorRefusedError("NRB refused the question")
        raise VendorError("NRB: an answer without rates")


def read_rates(day: Any) -> list[Rate]:
    try:
        on = date.fromisoformat(day["date"])
        return [rate for one in day["rates"] if (rate := read_rate(one, on))]
    except (KeyError, TypeError, ValueError, InvalidOperation, ArithmeticError):
        raise VendorError("NRB: rates that cannot be read") from None


def read_rate(entry: Any, on: date) -> Rate | None:
    if entry["buy"] is None or entry["sell"] is None:
        return None
    unit = int(entry["currency"]["unit"])
    buy, sell = Decimal(str(entry["buy"])) / unit, Decimal(str(entry["sell"])) / unit
    code = entry["currency"]["iso3"]
    if not (buy.is_finite() and sell.is_finite() and buy > 0 and sell > 0 and isinstance(code, str)):
        raise ValueError("no price")
    return Rate(on, code, buy, sell)
