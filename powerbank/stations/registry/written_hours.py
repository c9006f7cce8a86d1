"""Opening hours as a member of staff writes them in a form: a line for each day, and lines for dates that differ.

07:00-12:00, 18:00-02:00        on a day of the week; nothing: closed
2026-10-20: 10:00-14:00         an exception; "2026-10-21:" is a day on which the station is closed
"""

from collections.abc import Mapping
from typing import Any

from powerbank.stations.registry.opening_hours import DAYS

_DASHES = str.maketrans("–—", "--")


def write_hours(hours: Mapping[str, Any] | None) -> dict[str, str]:
    """Write the hours of a station as the fields of a form have them."""
    weekly = (hours or {}).get("weekly", {})
    days = {f"hours_{day}": _write_intervals(weekly.get(day, [])) for day in DAYS}
    exceptions = [
        f"{each['date']}: {_write_intervals(each['hours'])}".rstrip() for each in (hours or {}).get("exceptions", [])
    ]
    return days | {"hours_exceptions": "\n".join(exceptions), "always_open": "" if hours else "yes"}


def read_hours(form: Mapping[str, str]) -> dict[str, Any] | None:
    """Read what was filled in, in the form that the schema of a station checks. None: the station is always open."""
    if form.get("always_open"):
        return None
    weekly = {day: _read_intervals(form.get(f"hours_{day}", "")) for day in DAYS}
    exceptions = []
    for line in form.get("hours_exceptions", "").splitlines():
        if line.strip():
            day, _, intervals = line.partition(":")
            exceptions.append({"date": day.strip(), "hours": _read_intervals(intervals)})
    return {"weekly": {day: intervals for day, intervals in weekly.items() if intervals}, "exceptions": exceptions}


def _write_intervals(intervals: Any) -> str:
    return ", ".join(f"{start}-{end}" for start, end in intervals)


def _read_intervals(written: str) -> list[list[str]]:
    given = [each.strip() for each in written.translate(_DASHES).split(",") if each.strip()]
    return [[part.strip() for part in each.split("-", 1)] for each in given]
