"""Exports of lists as CSV. One batch is in memory at a time, and no snapshot of the database is held meanwhile. The
audit log has who took an export."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context
from sqlalchemy import Select

from powerbank.base import audit
from powerbank.base.db import db, transaction

BATCH = 1000
NEGATIVE = re.compile(r"-[0-9]+(\.[0-9]+)?")


def export_csv(
    name: str,
    head: Iterable[str],
    query: Select[Any],
    key: Any,
    rows: Callable[[Any], Iterable[Iterable[object]]],
    *,
    of: tuple[str, object],
    filters: dict[str, Any] | None = None,
) -> Response:
    """Answer with a list as CSV, and record that staff took it.

    The list is `query` in the order of `key`, an attribute of what it selects; each of those gives some `rows`. `of` is
    the kind and the id of what the list belongs to, and `filters` is what staff asked for, for the log.
    """
    kind, object_id = of
    asked = {name: str(value) for name, value in (filters or {}).items() if value is not None}
    with transaction():
        audit.by_staff(f"{kind}.export_{name}", kind, object_id, new=asked or None)
    response = Response(stream_with_context(_lines(head, query, key, rows)), content_type="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{object_id}.csv"'
    return response


def _lines(
    head: Iterable[str], query: Select[Any], key: Any, rows: Callable[[Any], Iterable[Iterable[object]]]
) -> Iterator[str]:
    yield _line(head)
    page = query.order_by(key).limit(BATCH)
    wanted = page
    while True:
        found = db.session.scalars(wanted).all()
        lines = [_line(row) for each in found for row in rows(each)]
        after = getattr(found[-1], key.key) if len(found) == BATCH else None
        # No transaction stays open while the client reads the lines, however slowly.
        db.session.expunge_all()
        db.session.rollback()
        yield from lines
        if after is None:
            return
        wanted = page.where(key > after)


def _line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(_harmless(cell) for cell in cells)
    return line.getvalue()


def _harmless(cell: object) -> str:
    """Quote what a spreadsheet would run as a formula, but leave numbers as they are."""
    text = "" if cell is None else str(cell)
    risky = text.startswith(("=", "+", "-", "@", "\t", "\r")) and not NEGATIVE.fullmatch(text)
    return f"'{text}" if risky else text
