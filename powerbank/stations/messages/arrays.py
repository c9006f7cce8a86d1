"""Write a column of many rows as one parameter, in the text form of PostgreSQL's arrays, for `unnest`.

A thousand values in `ARRAY[…]` are a thousand expressions: the driver quotes them, and the server parses and casts them
one by one. One text with a thousand values is read at once.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID


def format_array(values: Iterable[UUID | datetime | float | None]) -> str:
    """Write values that need no quotes: identifiers, times, numbers."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def format_text_array(values: Iterable[str | None]) -> str:
    """Write texts, each of them in quotes."""
    return "{" + ",".join(["NULL" if value is None else _quote(value) for value in values]) + "}"


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
