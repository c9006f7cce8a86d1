"""The central bank's exchange rates: always 200, prices as text, for a number of units, and none on some days."""

import re
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.vendor import Vendor, World

# iso3: name, unit, buy, sell.
AT_FIRST = {
    "INR": ("Indian Rupee", 100, "160.00", "160.15"),
    "USD": ("U.S. Dollar", 1, "139.77", "140.37"),
    "EUR": ("European Euro", 1, "161.52", "162.21"),
    "GBP": ("UK Pound Sterling", 1, "184.02", "184.81"),
    "AUD": ("Australian Dollar", 1, "91.37", "91.76"),
    "JPY": ("Japanese Yen", 10, "9.04", "9.08"),
    "CNY": ("Chinese Yuan", 1, "19.63", "19.71"),
    "QAR": ("Qatari Riyal", 1, "38.30", "38.46"),
    "KRW": ("South Korean Won", 100, "9.76", "9.80"),
}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MAX_PER_PAGE = 100


class Rates:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._usual = dict(AT_FIRST)
            self._empty: set[date] = set()
            self._none: set[date] = set()
            self._of: dict[date, dict[str, tuple[str | None, str | None]]] = {}

    def change(self, given: dict[str, Any]) -> None:
        """`{"date"?, "null"?, "missing"?, "rates"?: {"USD": {"buy", "sell"}}}`; without a date, of every day."""
        day = date.fromisoformat(given["date"]) if "date" in given else None
        prices = {iso3: (str(price["buy"]), str(price["sell"])) for iso3, price in given.get("rates", {}).items()}
        for buy, sell in prices.values():
            Decimal(buy), Decimal(sell)
        with self._lock:
            for iso3, (buy, sell) in prices.items():
                name, unit, _, _ = self._usual.get(iso3, (iso3, 1, buy, sell))
                self._usual.setdefault(iso3, (name, unit, buy, sell))
                if day is None:
                    self._usual[iso3] = (name, unit, buy, sell)
                else:
                    self._of.setdefault(day, {})[iso3] = (buy, sell)
            if day is not None and "null" in given:
                (self._none.add if given["null"] else self._none.discard)(day)
            if day is not None and "missing" in given:
                (self._empty.add if given["missing"] else self._empty.discard)(day)

    def of(self, day: date) -> dict[str, Any] | None:
        with self._lock:
            if day in self._empty or day > datetime.now(UTC).date() + timedelta(days=1):
                return None
            rates = []
            for iso3, (name, unit, buy, sell) in self._usual.items():
                prices: tuple[str | None, str | None] = self._of.get(day, {}).get(iso3, (buy, sell))
                if day in self._none:
                    prices = (None, None)
                currency = {"iso3": iso3, "name": name, "unit": unit}
                rates.append({"currency": currency, "buy": prices[0], "sell": prices[1]})
        return {
            "date": day.isoformat(),
            "published_on": f"{day.isoformat()} 00:00:10",
            "modified_on": f"{day.isoformat()} 00:00:10",
            "rates": rates,
        }


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("nrb", __name__, url_prefix="/nrb")
    rates = Rates()
    world.on_reset.append(rates.reset)

    @routes.get("/api/forex/v1/rates")
    def feed() -> Response:
        wrong = complaints()
        if wrong:
            return jsonify(
                status={"code": 400}, errors={"validation": wrong}, params=request.args, data={"payload": None}
            )
        page, per_page = int(request.args["page"]), int(request.args["per_page"])
        first, last = day("from"), day("to")
        found: list[dict[str, Any] | None] = []
        while first <= last and len(found) < 3660:
            found.append(rates.of(last))
            last -= timedelta(days=1)
        days = [one for one in found if one]
        shown = days[(page - 1) * per_page : page * per_page]
        # Empty and wrong look alike but for the payload: its code is 400 too.
        return jsonify(
            status={"code": 200 if shown else 400},
            errors={"validation": None},
            params=request.args,
            data={"payload": shown},
            pagination={
                "page": page,
                "pages": -(-len(days) // per_page),
                "per_page": per_page,
                "total": len(days),
                "links": {"prev": None, "next": None},
            },
        )

    @routes.put("/rates")
    def change() -> tuple[Response, int]:
        """The sandbox's own."""
        try:
            rates.change(request.get_json())
        except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation) as wrong:
            return jsonify(error=f"{type(wrong).__name__}: {wrong}"), 400
        return jsonify(changed=True), 200

    return routes


def complaints() -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    for name, most in (("page", 10**6), ("per_page", MAX_PER_PAGE)):
        given = request.args.get(name, "")
        if not given:
            wrong[name] = [f"The {name.replace('_', ' ')} field is required."]
        elif not (given.isascii() and given.isdigit() and len(given) < 8 and 1 <= int(given) <= most):
            wrong[name] = [f"The {name.replace('_', ' ')} must be between 1 and {most}."]
    for name in ("from", "to"):
        try:
            day(name)
        except ValueError:
            wrong[name] = [f"The {name} is not a valid date."]
    return wrong


def day(name: str) -> date:
    given = request.args.get(name, "")
    if not DAY.fullmatch(given):
        raise ValueError(given)
    return date.fromisoformat(given)


VENDOR = Vendor(
    name="nrb",
    title="NRB exchange rates",
    faults={},
    how_to_reach=lambda world: {"base": f"{world.url}/nrb/api/forex/v1", "change": f"PUT {world.url}/nrb/rates"},
    blueprint=blueprint,
    spared=frozenset({"change"}),
)
