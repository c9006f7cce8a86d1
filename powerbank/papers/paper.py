"""A paper: pages of A4 with a letterhead, facts, tables whose columns stand still, and the number of each page."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from powerbank.papers.lettering import BOLD, PLAIN, QuickRows, draw_text, is_plain, register_fonts

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 42.0, WIDTH - 42.0, HEIGHT - 42.0, 46.0
ROW, SMALL, TEXT, TITLE = 12.5, 7.0, 9.0, 15.0
GREY, BLACK, RULE = 0.38, 0.0, 0.75


@dataclass(frozen=True)
class Letterhead:
    name: str
    address: str = ""
    pan: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading in both languages, and the edge at which its cells stand."""

    english: str
    nepali: str
    x: float
    right: bool = False  # numbers stand at their right end


class Paper:
    """Draw one paper from top to bottom, a page at a time. `y` is where the next line stands."""

    def __init__(self, letterhead: Letterhead, *, title: tuple[str, str], number: str, pages: int) -> None:
        register_fonts()
        self._file = BytesIO()
        self._canvas = Canvas(self._file, pagesize=A4, pageCompression=1, invariant=1, lang="en")
        self._canvas.setTitle(f"{title[0]} {number}".strip())
        self._canvas.setAuthor(letterhead.name)
        self._quick = {bold: QuickRows(self._canvas, BOLD if bold else PLAIN, SMALL) for bold in (False, True)}
        self._letterhead, self._title, self._number, self._pages = letterhead, title, number, pages
        self._page = 0
        self.y = 0.0
        self.begin_page()

    @property
    def pages(self) -> int:
        """Tell how many pages are drawn so far."""
        return self._page

    def begin_page(self) -> None:
        """End the page, if there is one, and begin the next with letterhead, title and number."""
        if self._page:
            self._canvas.showPage()
        self._page += 1
        head = self._letterhead
        self.write(LEFT, TOP - 10, head.name, size=13, bold=True)
        lines = [line for line in (head.address, head.contact, f"PAN {head.pan}" if head.pan else "") if line]
        for number, line in enumerate(lines):
            self.write(RIGHT, TOP - 6 - 10 * number, line, size=SMALL, right=True, grey=GREY)
        self.y = TOP - 10 - 10 * max(1, len(lines) - 1)
        self._rule(self.y - 4)
        if self._page == 1:
            self.y -= 28
            self.write(LEFT, self.y, f"{self._title[0]} · {self._title[1]}", size=TITLE, bold=True)
            self.write(RIGHT, self.y, self._number, size=TITLE, bold=True, right=True)
        else:
            self.y -= 18
            self.write(LEFT, self.y, f"{self._title[0]} · {self._title[1]} {self._number}", size=SMALL, grey=GREY)
        place = f"{self._page} / {self._pages}"
        self.write(LEFT, BOTTOM - 20, f"{head.name} · {self._number}", size=SMALL, grey=GREY)
        self.write(RIGHT, BOTTOM - 20, f"Page · पृष्ठ {place}", size=SMALL, grey=GREY, right=True)
        self.y -= 20

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = TEXT,
        bold: bool = False,
        right: bool = False,
        grey: float = 0,
    ) -> None:
        self._canvas.setFillGray(grey)
        draw_text(self._canvas, x, y, text, font=BOLD if bold else PLAIN, size=size, right=right)

    def facts(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Write what is known of the whole, a line each: its name in both languages, and what it is."""
        for english, nepali, value in rows:
            self.write(LEFT, self.y, f"{english} · {nepali}", grey=GREY, size=8)
            for number, line in enumerate(_wrap(value, 62)):
                self.write(LEFT + 190, self.y - 12 * number, line)
            self.y -= 14 + 12 * (len(_wrap(value, 62)) - 1)
        self.y -= 6

    def paragraph(self, text: str, *, width: int = 98) -> None:
        for line in _wrap(text, width):
            self.write(LEFT, self.y, line)
            self.y -= 13
        self.y -= 5

    def heading(self, columns: Sequence[Column]) -> None:
        """Write the headings of a table, English above Nepali."""
        for column in columns:
            self.write(column.x, self.y, column.english, size=SMALL, bold=True, right=column.right)
            self.write(column.x, self.y - 9, column.nepali, size=SMALL, right=column.right, grey=GREY)
        self._rule(self.y - 13)
        self.y -= 13 + ROW

    def row(self, columns: Sequence[Column], cells: Sequence[str], *, bold: bool = False) -> None:
        """Write one row of a table."""
        placed = [(column.x, column.right, cell) for column, cell in zip(columns, cells, strict=True) if cell]
        plain = [each for each in placed if is_plain(each[2])]
        self._canvas.setFillGray(BLACK)
        if plain:
            self._quick[bold].write(self.y, plain)
        for x, right, cell in placed:
            if not is_plain(cell):
                self.write(x, self.y, cell, size=SMALL, bold=bold, right=right)
        self.y -= ROW

    def plot(self, title: str, values: Sequence[float], *, ends: tuple[str, str], height: float) -> None:
        """Draw a line over time, with its highest value above it and the first and the last moment below it."""
        most, least = max(*values, 0.0), min(*values, 0.0)
        scale = height / (most - least) if most > least else 0.0
        step = (RIGHT - LEFT) / max(1, len(values) - 1)
        bottom = self.y - 14 - height
        self.write(LEFT, self.y, title, size=8, bold=True)
        self.write(RIGHT, self.y, f"{most:,.0f}", size=SMALL, right=True, grey=GREY)
        self._rule(bottom - least * scale)
        path = self._canvas.beginPath()
        for number, value in enumerate(values):
            point = LEFT + number * step, bottom + (value - least) * scale
            (path.lineTo if number else path.moveTo)(*point)
        self._canvas.setStrokeGray(BLACK)
        self._canvas.setLineWidth(1)
        self._canvas.drawPath(path)
        self.write(LEFT, bottom - 11, ends[0], size=SMALL, grey=GREY)
        self.write(RIGHT, bottom - 11, ends[1], size=SMALL, grey=GREY, right=True)
        self.y = bottom - 28

    def rule(self) -> None:
        self._rule(self.y + ROW - 4)

    def finish(self) -> bytes:
        if self._page != self._pages:
            raise ValueError(f"{self._page} pages instead of {self._pages}")
        self._canvas.save()
        return self._file.getvalue()

    def _rule(self, y: float) -> None:
        self._canvas.setStrokeGray(RULE)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(LEFT, y, RIGHT, y)


def _wrap(text: str, most: int) -> list[str]:
    """Break a text into lines of so many letters, at spaces."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
