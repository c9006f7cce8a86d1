"""What the pages of figures show: figures with their titles, plots, and the tones of a heat map."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from powerbank.analytics import queries
from powerbank.analytics.figures.figure import Unit
from powerbank.analytics.outlook import losses
from powerbank.analytics.queries import Sums
from powerbank.analytics.screens.spans import Asked
from powerbank.analytics.screens.writing import described, unit_of, write
from powerbank.base import money
from powerbank.base.clock import HOME, format_time
from powerbank.pages.language import page_language, translate, write_number

HEATS = 9
# More of these is worse. Of the others nobody can say.
WORSE = frozenset(
    {
        "given_back",
        "waived",
        "rentals_failed",
        "rentals_lost",
        "rentals_overdue",
        "refused_starts",
        "refused_value",
        "refused_empty",
        "refused_offline",
        "refused_funds",
        "minutes_empty",
        "minutes_full",
        "minutes_offline",
        "minutes_maintenance",
        "seconds_to_eject",
        "ejections_failed",
        "churn_percent",
        "lost",
        "lost_empty",
        "lost_full",
        "lost_offline",
        "lost_failed",
        "banks_lost",
        "banks_faulty",
        "banks_quarantined",
        "banks_low",
        "stations_away",
    }
)
NEITHER = frozenset(
    {"rentals_cancelled", "minutes_per_rental", "promotion_cost", "partner_shares", "crew_pay", "tax_withheld"}
)


@dataclass(frozen=True)
class Tile:
    """A figure beside that of the time before."""

    name: str
    title: str
    meaning: str
    now: str
    before: str
    change: int | None  # in percent
    tone: str


def title_of(name: str) -> str:
    return described(name).title[_language()]


def meaning_of(name: str) -> str:
    return described(name).meaning[_language()]


def make_tiles(answer: Mapping[str, Any]) -> list[Tile]:
    return [_make_tile(name, value, answer["previous"].get(name)) for name, value in answer["totals"].items()]


def show(name: str, value: Any) -> str:
    """Write a figure for people: money in rupees, and nothing where there is none."""
    if value is None:
        return "–"
    unit, number = unit_of(name), float(value)
    if unit == Unit.MONEY:
        return f"{money.NPR} {write_number(number, 0 if abs(number) >= 1000 else 2)}"
    if unit == Unit.PERCENT:
        return f"{write_number(number, 1)} %"
    places = 0 if number == round(number) or abs(number) >= 100 else 1
    unit_text = {Unit.MINUTES: translate("min"), Unit.SECONDS: translate("s")}.get(unit, "")
    return f"{write_number(number, places)} {unit_text}".strip()


def show_short(name: str, value: Any) -> str:
    """Write a figure for a narrow cell: without its unit, and nothing for nothing."""
    if value is None or float(value) == 0:
        return "" if value is None else write_number(0)
    number = float(value)
    return write_number(number, 0 if abs(number) >= 10 or number == round(number) else 1)


def make_plot(
    names: Sequence[str],
    pieces: Sequence[tuple[datetime, Mapping[str, float | None]]],
    *,
    before: Sequence[tuple[datetime, Mapping[str, float | None]]] = (),
) -> dict[str, Any]:
    """Make what `plot.js` draws. The time before is drawn as a line of its own, under the times of now."""
    tones = ("brand", "warn", "good")
    series = [
        _line(title_of(name), unit_of(name), tone, [values[name] for _, values in pieces])
        for name, tone in zip(names, tones, strict=False)
    ]
    if before:
        values = [found[names[0]] for _, found in before][: len(pieces)]
        values += [None] * (len(pieces) - len(values))
        series.append(_line(translate("the time before"), unit_of(names[0]), "busy", values))
    has_any = any(value for line in series for value in line["values"])
    times = [int(at.timestamp()) for at, _ in pieces] if has_any else []
    return {"zone": HOME.key, "times": times, "series": series, "bands": []}


def _line(label: str, unit: Unit, tone: str, values: Iterable[float | None]) -> dict[str, Any]:
    shown = {Unit.MONEY: money.NPR, Unit.PERCENT: "%", Unit.MINUTES: translate("min"), Unit.SECONDS: translate("s")}
    scale = 100 if unit == Unit.MONEY else 1
    written = [None if value is None else round(value / scale, 2) for value in values]
    return {"label": label, "unit": shown.get(unit, ""), "tone": tone, "steps": False, "values": written}


def read_plot(asked: Asked, scope: queries.Scope, names: Sequence[str], *, compares: bool) -> dict[str, Any]:
    """Read the series of a few figures, beside that of the time before."""

    def pieces(span: Any) -> list[tuple[datetime, Mapping[str, float | None]]]:
        found: list[tuple[datetime, Sums]] = queries.read_series(names, span, asked.group, scope)
        return [(at, queries.compute(names, sums)) for at, sums in found]

    return make_plot(names, pieces(asked.span), before=pieces(asked.previous) if compares else ())


def list_pieces(asked: Asked, scope: queries.Scope, names: Sequence[str]) -> list[dict[str, Any]]:
    """List what a plot draws, as the API writes it: a row for each piece of the time."""
    pieces = queries.read_series(names, asked.span, asked.group, scope) if names else []
    return [{"at": format_time(at)} | write(queries.compute(names, sums)) for at, sums in pieces]


def list_lost(asked: Asked, scope: queries.Scope) -> list[dict[str, Any]]:
    return [{"at": format_time(at)} | write(lost) for at, lost in losses.read_series(asked, scope)]


def show_cells(cells: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write the places of a map for people: what was lost, and how many stations stand there."""
    return [
        dict(each) | {"shown": show("lost", each["lost"] / 100), "count": write_number(each["stations"])}
        for each in cells
    ]


def make_heats(values: Mapping[Any, Any]) -> dict[Any, int]:
    """Give each value its shade: 0 for nothing, up to 9 for the largest."""
    numbers = {key: float(value or 0) for key, value in values.items()}
    most = max(numbers.values(), default=0)
    return {key: max(0, min(HEATS, round(number / most * HEATS))) if most > 0 else 0 for key, number in numbers.items()}


def _make_tile(name: str, now: Any, before: Any) -> Tile:
    change = None
    if now is not None and before is not None and float(before) > 0:
        change = round((float(now) - float(before)) / float(before) * 100)
    tone = ""
    if change and name not in NEITHER:
        tone = "warn" if (change > 0) == (name in WORSE) else "good"
    return Tile(name, title_of(name), meaning_of(name), show(name, now), show(name, before), change, tone)


def _language() -> int:
    return 1 if page_language() == "ne" else 0
