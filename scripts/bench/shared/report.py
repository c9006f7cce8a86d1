"""Figures as a table for people, and where it is kept."""

import re
import statistics
from pathlib import Path


def table(heading: str, figures: dict[str, list[float]], reference: str, unit: str = "jobs/s") -> str:
    """Quickest first. The ratio says how many times the reference's speed a line has."""
    medians = {title: statistics.median(rates) for title, rates in figures.items()}
    lines = [f"| {heading} | {unit}, median | min–max | against ours |", "| --- | ---: | ---: | ---: |"]
    for title in sorted(medians, key=lambda title: -medians[title]):
        rates = figures[title]
        name = f"**{title}**" if title == reference else title
        ratio = medians[title] / medians[reference]
        lines.append(
            f"| {name} | {medians[title]:,.0f} | {min(rates):,.0f}–{max(rates):,.0f} | {ratio:.{_digits(ratio)}f} |"
        )
    return "\n".join(lines)


def _digits(ratio: float) -> int:
    return 2 if ratio >= 0.1 else 3


def keep(path: Path, name: str, text: str) -> None:
    """Puts the text between `<!-- name -->` and `<!-- /name -->`."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before = path.read_text()
    after, found = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n{text}\n{end}", before, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{path} has no place for {name}")
    path.write_text(after)
