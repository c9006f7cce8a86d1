"""The guides for authors of apps: Markdown in `docs/guides`, in the order in which its README lists them.

What is served was rendered when it was written (`flask docs write`), so the server needs no renderer.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from powerbank.base.errors import NotFoundError

FOLDER = Path(__file__).parents[2] / "docs" / "guides"
RENDERED = Path(__file__).parent / "rendered"
_HEADING = re.compile(r'<h2 id="([^"]+)">(.+?)</h2>')
_LINE = re.compile(r"^\d+\. \[(?P<title>[^\]]+)\]\((?P<name>[a-z-]+)\.md\): (?P<summary>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Guide:
    name: str
    title: str
    summary: str

    @property
    def source(self) -> Path:
        return FOLDER / f"{self.name}.md"

    @property
    def rendered(self) -> Path:
        return RENDERED / f"{self.name}.html"


@dataclass(frozen=True)
class Heading:
    id: str
    text: str


@cache
def read_rendered(guide: Guide) -> tuple[Markup, list[Heading]]:
    """Read a guide as it was rendered, and the headings by which its reader goes through it."""
    html = guide.rendered.read_text()
    headings = [Heading(id, Markup(text).striptags()) for id, text in _HEADING.findall(html)]  # noqa: S704  # nosec B704
    return Markup(html), headings  # noqa: S704  # nosec B704


@cache
def list_guides() -> tuple[Guide, ...]:
    """List the guides in the order in which they are read."""
    return tuple(Guide(**found.groupdict()) for found in _LINE.finditer((FOLDER / "README.md").read_text()))


def find_guide(name: str) -> Guide:
    for guide in list_guides():
        if guide.name == name:
            return guide
    raise NotFoundError("guide")


def find_neighbours(guide: Guide) -> tuple[Guide | None, Guide | None]:
    """Find the guide before this one and the one after it."""
    guides = list_guides()
    place = guides.index(guide)
    return guides[place - 1] if place else None, guides[place + 1] if place + 1 < len(guides) else None
