"""Columns of many rows as one parameter each, for `unnest`: in the words of PostgreSQL's arrays.

A thousand values as `ARRAY[…]` are a thousand expressions: the driver quotes, the server parses and casts one by one.
As one text they are read at once.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID


def array(values: Iterable[UUID | datetime | float | None]) -> str:
    """Of what needs no quotes: ids, times, numbers."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def text_array(values: Iterable[str | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
