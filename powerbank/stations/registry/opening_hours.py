"""Opening hours: a week, and dates that differ from it, in the time zone of the station.

    {"weekly": {"mon": [["07:00", "12:00"], ["18:00", "02:00"]]},
     "exceptions": [{"date": "2026-10-20", "hours": []}]}

An interval that ends before it begins goes on past midnight, and belongs to the day on which it begins.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
MIDNIGHT = 24 * 60

Interval = tuple[int, int]  # minutes since midnight; the end may lie beyond 24 h


@dataclass(frozen=True)
class OpeningHours:
    weekly: Mapping[str, Sequence[Interval]]
    exceptions: Mapping[date, Sequence[Interval]]

    def on(self, day: date) -> Sequence[Interval]:
        if day in self.exceptions:
            return self.exceptions[day]
        return self.weekly.get(DAYS[day.weekday()], ())

    def open_at(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        today, yesterday = local.date(), local.date() - timedelta(days=1)
        return any(start <= minute < end for start, end in self.on(today)) or any(
            start <= minute + MIDNIGHT < end for start, end in self.on(yesterday)
        )


def is_open(hours: str | None, timezone: str, at: datetime) -> bool:
    """Tell whether a station is open at that time. The hours are JSON text, so that the result of parsing is cached."""
    return hours is None or _read(hours).open_at(at.astimezone(_find_zone(timezone)))


def list_openings(
    hours: str | None, timezone: str, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """List from when to when a station is open between two moments, in their order. One without hours always is."""
    if hours is None:
        return [(since, until)]
    zone, parsed = _find_zone(timezone), _read(hours)
    day = since.astimezone(zone).date() - timedelta(days=1)  # its last interval may go on past midnight
    found: list[tuple[datetime, datetime]] = []
    while day <= until.astimezone(zone).date():
        for start, end in sorted(parsed.on(day)):
            opens, closes = (_moment(day, minutes, zone) for minutes in (start, end))
            if closes > since and opens < until:
                found.append((max(opens, since), min(closes, until)))
        day += timedelta(days=1)
    return found


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minutes, MIDNIGHT)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)


def describe_today(hours: str | None, timezone: str, at: datetime) -> str | None:
    """Write the hours of a day as `07:00–12:00, 18:00–02:00`. None: the station is always open, or closed all day."""
    if hours is None:
        return None
    intervals = _read(hours).on(at.astimezone(_find_zone(timezone)).date())
    return ", ".join(f"{_format_minutes(start)}–{_format_minutes(end)}" for start, end in intervals) or None


def _format_minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours if minutes == MIDNIGHT else hours % 24:02d}:{rest:02d}"


@lru_cache(maxsize=4096)
def _read(hours: str) -> OpeningHours:
    fields = json.loads(hours)
    return OpeningHours(
        weekly={day: _parse_intervals(pairs) for day, pairs in fields.get("weekly", {}).items()},
        exceptions={
            date.fromisoformat(each["date"]): _parse_intervals(each["hours"]) for each in fields.get("exceptions", ())
        },
    )


@lru_cache(maxsize=64)
def _find_zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _parse_intervals(pairs: Sequence[Sequence[str]]) -> tuple[Interval, ...]:
    return tuple(_parse_interval(*pair) for pair in pairs)


def _parse_interval(opens: str, closes: str) -> Interval:
    start, end = _parse_minutes(opens), _parse_minutes(closes)
    return (start, end if end > start else end + MIDNIGHT)


def _parse_minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def format_for_osm(hours: Mapping[str, Any] | None) -> str:
    """Write the hours in the format of OpenStreetMap: `Mo 07:00-21:00; 2026 Oct 20 off`."""
    if hours is None:
        return "24/7"
    rules = [f"{day.capitalize()[:2]} {_format_osm_intervals(hours.get('weekly', {}).get(day, ()))}" for day in DAYS]
    for each in hours.get("exceptions", ()):
        day = date.fromisoformat(each["date"])
        rules.append(f"{day.year} {MONTHS[day.month - 1]} {day.day:02d} {_format_osm_intervals(each['hours'])}")
    return "; ".join(rules)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _format_osm_intervals(pairs: Sequence[Sequence[str]]) -> str:
    return ",".join(f"{opens}-{closes}" for opens, closes in pairs) or "off"
