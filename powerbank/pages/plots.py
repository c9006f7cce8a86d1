"""Small plots that a page draws without a script: a line as tall as the row that it stands in."""

from collections.abc import Sequence

WIDTH, HEIGHT = 240, 40


def draw_line(values: Sequence[float | None]) -> str:
    """Draw values as the path of an SVG, from the oldest to the newest; the line breaks off where one is missing."""
    if len(values) == 1:
        return f"M0 0L{WIDTH} 0"
    top = find_top(values) or 1
    step = WIDTH / max(len(values) - 1, 1)
    path, pen_is_up = [], True
    for place, value in enumerate(values):
        if value is not None:
            path.append(f"{'M' if pen_is_up else 'L'}{place * step:.1f} {HEIGHT - value / top * HEIGHT:.1f}")
        pen_is_up = value is None
    return "".join(path)


def find_top(values: Sequence[float | None]) -> float:
    """Find the highest of the values, which is the top of their plot."""
    return max((each for each in values if each is not None), default=0)
