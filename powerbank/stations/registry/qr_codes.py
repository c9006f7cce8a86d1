"""The QR codes that stand on stations: one alone, and sheets of them to print and cut."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from html import escape

import segno
from flask import current_app

from powerbank.stations.models import Station


class LabelSize(StrEnum):
    LARGE = "large"
    SMALL = "small"


@dataclass(frozen=True)
class Grid:
    """How labels lie on a sheet of A4, in millimetres."""

    columns: int
    rows: int
    code: float  # the side of a code with its quiet zone

    @property
    def per_sheet(self) -> int:
        return self.columns * self.rows


GRIDS = {LabelSize.LARGE: Grid(2, 3, 72), LabelSize.SMALL: Grid(4, 6, 36)}
PAPER, MARGIN, GAP = (210.0, 297.0), 8.0, 2.0
LONGEST_NAME = 30  # letters of a line


def draw_code(sn: str) -> bytes:
    """Draw the code of a station as an SVG file."""
    drawn = io.BytesIO()
    address = _address_of(sn)
    segno.make_qr(address, error="m").save(drawn, kind="svg", scale=8, border=4, light="#fff", title=address)
    return drawn.getvalue()


def draw_sheet(stations: Sequence[Station], size: LabelSize) -> str:
    """Draw a sheet of A4 with the codes of stations, as an SVG: a code, the name, and the number to type in."""
    grid = GRIDS[size]
    labels = [_draw_label(station, place, grid) for place, station in enumerate(stations[: grid.per_sheet])]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297">'
        f'<rect width="210" height="297" fill="#fff"/>{"".join(labels)}</svg>'
    )


def _draw_label(station: Station, place: int, grid: Grid) -> str:
    wide, high = (PAPER[0] - 2 * MARGIN) / grid.columns, (PAPER[1] - 2 * MARGIN) / grid.rows
    left, top = MARGIN + place % grid.columns * wide, MARGIN + place // grid.columns * high
    letters = grid.code / 15
    below = top + GAP + grid.code
    name = station.name if len(station.name) <= LONGEST_NAME else station.name[: LONGEST_NAME - 1] + "…"
    frame = f'x="{left:.2f}" y="{top:.2f}" width="{wide:.2f}" height="{high:.2f}"'
    return (
        f'<rect {frame} fill="none" stroke="#bbb" stroke-width=".2" stroke-dasharray="1 1"/>'
        f"{_draw_code_at(station.sn, left + (wide - grid.code) / 2, top + GAP, grid.code)}"
        f"{_write_at(left + wide / 2, below + letters, letters, name)}"
        f"{_write_at(left + wide / 2, below + 2.4 * letters, letters, station.sn)}"
    )


def _draw_code_at(sn: str, x: float, y: float, side: float) -> str:
    place = f'<svg x="{x:.2f}" y="{y:.2f}" width="{side}" height="{side}" '
    return _draw_bare_code(_address_of(sn)).replace("<svg ", place, 1)


@lru_cache(maxsize=2000)
def _draw_bare_code(address: str) -> str:
    """Draw a code without its size. It takes some milliseconds, and who prints looks at a sheet more than once."""
    drawn = io.BytesIO()
    code = segno.make_qr(address, error="m")
    code.save(drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4)
    return drawn.getvalue().decode()


def _write_at(middle: float, y: float, size: float, words: str) -> str:
    return (
        f'<text x="{middle:.2f}" y="{y:.2f}" font-size="{size:.2f}" text-anchor="middle" fill="#000" '
        f'font-family="system-ui, Noto Sans, Noto Sans Devanagari, sans-serif">{escape(words)}</text>'
    )


def _address_of(sn: str) -> str:
    return f"{current_app.config['SETTINGS'].public_url}/s/{sn}"
