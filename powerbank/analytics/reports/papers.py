"""Write a report as PDF: the totals of each part beside the time before, and the course of the first of them."""

from typing import Any

from powerbank.analytics.figures.figure import Unit
from powerbank.analytics.reports.models import PartnerReport, Report
from powerbank.analytics.reports.services import period_of
from powerbank.analytics.screens.writing import described, unit_of
from powerbank.content.letterheads import current_letterhead
from powerbank.papers.paper import BOTTOM, LEFT, RIGHT, Column, Paper

TITLES = {
    "operations": ("Operations", "सञ्चालन"),
    "network": ("Network", "नेटवर्क"),
    "finance": ("Finance", "वित्त"),
    "partner": ("Your stations", "तपाईंका स्टेशन"),
}
PARTS = {
    "rentals": ("Rentals", "भाडा"),
    "stations": ("Stations", "स्टेशन"),
    "losses": ("Money lost", "गुमेको रकम"),
    "fleet": ("Fleet", "पावर बैंक"),
    "dashboard": ("In short", "छोटकरीमा"),
    "users": ("People", "मानिस"),
    "funnel": ("Sign-ups", "दर्ता"),
    "revenue": ("Money", "रकम"),
}
COLUMNS = (
    Column("Figure", "तथ्याङ्क", LEFT),
    Column("Now", "अहिले", RIGHT - 110, right=True),
    Column("Before", "अघि", RIGHT, right=True),
)
PLOTTED = 2  # figures of each part whose course is drawn
PLOT_HEIGHT = 90.0


def write_paper(report: Report | PartnerReport) -> bytes:
    """Draw it twice: how many pages there are is known once they are drawn."""
    return _draw(report, pages=_draw(report, pages=1).pages).finish()


def _draw(report: Report | PartnerReport, *, pages: int) -> Paper:
    period = period_of(report)
    paper = Paper(current_letterhead(), title=TITLES[report.kind], number=period.name, pages=pages)
    paper.facts(
        (
            *((("Of", "को", report.content["name"]),) if "name" in report.content else ()),
            ("From", "देखि", period.first.isoformat()),
            ("To", "सम्म", period.last.isoformat()),
            ("Made", "बनेको", f"{report.made_at:%Y-%m-%d %H:%M} UTC"),
        )
    )
    for view, answer in report.content["parts"].items():
        _draw_part(paper, view, answer)
    return paper


def _draw_part(paper: Paper, view: str, answer: dict[str, Any]) -> None:
    _make_room(paper, 120)
    title, title_ne = PARTS[view]
    paper.y -= 6
    paper.write(LEFT, paper.y, f"{title} · {title_ne}", size=12, bold=True)
    paper.y -= 20
    paper.heading(COLUMNS)
    for name, value in answer["totals"].items():
        if paper.y < BOTTOM + 20:
            paper.begin_page()
            paper.heading(COLUMNS)
        cells = (described(name).title[0], _show(name, value), _show(name, answer["previous"].get(name)))
        paper.row(COLUMNS, cells)
    names = [name for name in answer["totals"] if answer["series"] and name in answer["series"][0]]
    for name in names[:PLOTTED] if len(answer["series"]) > 1 else ():
        _make_room(paper, PLOT_HEIGHT + 40)
        values = [float(piece[name] or 0) for piece in answer["series"]]
        ends = answer["series"][0]["at"][:10], answer["series"][-1]["at"][:10]
        paper.plot(f"{described(name).title[0]} · {described(name).title[1]}", values, ends=ends, height=PLOT_HEIGHT)


def _make_room(paper: Paper, height: float) -> None:
    if paper.y - height < BOTTOM:
        paper.begin_page()


def _show(name: str, value: Any) -> str:
    if value is None:
        return "-"
    unit = unit_of(name)
    if unit == Unit.MONEY:
        return f"NPR {float(value):,.2f}"
    ending = {Unit.PERCENT: " %", Unit.MINUTES: " min", Unit.SECONDS: " s"}.get(unit, "")
    return f"{float(value):,.1f}{ending}" if float(value) % 1 else f"{float(value):,.0f}{ending}"
