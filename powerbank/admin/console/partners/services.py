"""What the console shows of partners besides lists: agreements over time, a plot of earnings, and terms from a form."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from powerbank.partners.agreements.terms import TermsKind

WIDTH = 720
MOST_STATIONS = 40
BEFORE, AFTER = timedelta(days=365), timedelta(days=92)  # how far the picture of agreements reaches at most
MOST_TIERS = 5


@dataclass(frozen=True)
class Bar:
    """An agreement in the lane of a station, with the days that the picture shows of it."""

    x: float
    width: float
    agreement_id: UUID
    starts_on: date
    ends_on: date | None
    is_now: bool


@dataclass(frozen=True)
class Picture:
    lanes: list[tuple[str, list[Bar]]]
    first: date
    last: date
    today_x: float
    width: int = WIDTH


def draw_agreements(agreements: Sequence[Mapping[str, Any]], *, today: date) -> Picture | None:
    """Draw which agreement each station was under, and is, as bars over time. None: there is no agreement."""
    if not agreements:
        return None
    first: date = max(min(each["starts_on"] for each in agreements), today - BEFORE)
    first = min(first, today - timedelta(days=30))
    last: date = min(max(each["ends_on"] or today + AFTER for each in agreements), today + AFTER)
    last = max(last, today + timedelta(days=30))
    days = (last - first).days + 1

    def place(day: date) -> float:
        shown: date = min(max(day, first), last + timedelta(days=1))
        passed: int = (shown - first).days
        return round(WIDTH * passed / days, 1)

    lanes: dict[str, list[Bar]] = defaultdict(list)
    for each in sorted(agreements, key=lambda agreement: agreement["starts_on"]):
        ends_on = each["ends_on"]
        after = (ends_on or last) + timedelta(days=1)
        if after <= first or each["starts_on"] > last:
            continue
        is_now = each["starts_on"] <= today and (ends_on is None or today <= ends_on)
        x = place(each["starts_on"])
        bar = Bar(x, max(3.0, place(after) - x), each["id"], each["starts_on"], ends_on, is_now)
        for sn in each["station_sns"]:
            lanes[sn].append(bar)
    return Picture(sorted(lanes.items())[:MOST_STATIONS], first, last, place(today))


def read_terms(form: Mapping[str, str]) -> dict[str, Any]:
    """Read the terms of an agreement from the fields of a form, as the API takes them."""
    kind = form.get("kind", TermsKind.SHARE)
    terms: dict[str, Any] = {"kind": kind}
    if kind == TermsKind.TIERS:
        tiers = [(form.get(f"from_{n}", "").strip(), form.get(f"percent_{n}", "").strip()) for n in range(MOST_TIERS)]
        terms["tiers"] = [{"from": begins, "percent": percent} for begins, percent in tiers if begins or percent]
    elif form.get("percent" if kind == TermsKind.SHARE else "amount_per_month", "").strip():
        name = "percent" if kind == TermsKind.SHARE else "amount_per_month"
        terms[name] = form[name].strip()
    for name in ("minimum_per_month", "franchise_percent", "withheld_tax_percent"):
        if form.get(name, "").strip():
            terms[name] = form[name].strip()
    return terms


def read_station_numbers(written: str) -> list[str]:
    """Read numbers of stations that stand one on a line, or with commas or spaces between them."""
    return [each for each in written.replace(",", " ").split() if each]
