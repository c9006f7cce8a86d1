"""What a partner earned by day, as `static/pages/plot.js` draws it."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from powerbank.base.clock import HOME
from powerbank.base.money import NPR

LINES = (("gross", "warn"), ("share", "brand"))


def plot_earnings(earnings: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """Plot what `queries.earnings` read by day. A day without earnings is zero."""
    first, by_day = earnings["from_"], {item["day"]: item for item in earnings["items"]}
    days = [first + timedelta(days=number) for number in range((earnings["to"] - first).days + 1)] if by_day else []
    return {
        "zone": HOME.key,
        "times": [int(datetime.combine(day, time(), tzinfo=HOME).timestamp()) for day in days],
        "series": [
            {
                "label": labels[name],
                "unit": NPR,
                "tone": tone,
                "steps": True,
                "values": [by_day[day][name] / 100 if day in by_day else 0 for day in days],
            }
            for name, tone in LINES
        ],
        "bands": [],
    }
