"""The letters of papers: two fonts, Devanagari that is joined as it is written, and quick rows of plain letters.

This leans on ReportLab 5.1. `shapeStr` joins letters with HarfBuzz, by the script of the first one, so a text is
divided into runs of one script; `drawString` alone leaves them apart. The first subset of a font holds ASCII as it is,
so rows of plain letters are written into the page's stream without a search for each letter: a tenth of the time.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, shapeStr
from reportlab.pdfgen.canvas import Canvas

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD = "Paper", "PaperBold"
FILES = {PLAIN: "noto-sans-devanagari.regular.ttf", BOLD: "noto-sans-devanagari.bold.ttf"}
_RUNS = re.compile("[\u0900-\u097f\u200c\u200d\ua8e0-\ua8ff]+(?:[ ]+[\u0900-\u097f\u200c\u200d]+)*|[^\u0900-\u097f]+")
_ESCAPED = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def register_fonts() -> None:
    """Register the fonts once for each process."""
    rl_config.useA85 = 0  # else each page is written as letters, slowly
    for name, file in FILES.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(FONTS / file), shapable=True))


def draw_text(canvas: Canvas, x: float, y: float, text: str, *, font: str, size: float, right: bool = False) -> None:
    """Draw a text of any scripts, beginning or ending at `x`."""
    runs = [_shape(run, font, size) for run in _divide(text)]
    widths = [pdfmetrics.stringWidth(run, font, size) for run in runs]
    at = x - sum(widths) if right else x
    canvas.setFont(font, size)
    for run, width in zip(runs, widths, strict=True):
        canvas.drawString(at, y, run)
        at += width


class QuickRows:
    """Writes cells of plain letters into a canvas, all of one font and size."""

    def __init__(self, canvas: Canvas, font: str, size: float) -> None:
        self._canvas = canvas
        found = pdfmetrics.getFont(font)
        self._font = f"{found.getSubsetInternalName(0, canvas._doc)} {size:g} Tf"
        self._widths = {chr(code): found.stringWidth(chr(code), size) for code in range(32, 127)}

    def write(self, y: float, cells: list[tuple[float, bool, str]]) -> None:
        """Write the cells of a row: where each stands, if that is its right end, and its letters."""
        widths = self._widths
        drawn = [
            f"1 0 0 1 {x - sum(map(widths.__getitem__, cell)) if right else x:.2f} {y:.2f} Tm"
            f" ({cell.translate(_ESCAPED)}) Tj"
            for x, right, cell in cells
        ]
        self._canvas.addLiteral(f"BT {self._font} {' '.join(drawn)} ET")


def is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _divide(text: str) -> Iterator[str]:
    """Divide a text into runs of Devanagari and of anything else."""
    return (found[0] for found in _RUNS.finditer(text))


@lru_cache(maxsize=512)
def _shape(run: str, font: str, size: float) -> str:
    return run if run.isascii() else shapeStr(run, font, size)
