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
    return _answer(name, _lines(head, query, key, rows), of=of, filters=filters)


def export_pages(
    name: str,
    head: Iterable[str],
    read: Callable[[str | None, int], dict[str, Any]],
    write: Callable[[Any], Iterable[object]],
    *,
    of: tuple[str, object],
    filters: dict[str, Any] | None = None,
) -> Response:
    """Answer with a list as CSV in the order in which it is paged, and record that staff took it.

    `read` gives the page that begins at a cursor, and `write` the cells of a row.
    """
    return _answer(name, _lines_of_pages(head, read, write), of=of, filters=filters)


def _answer(name: str, lines: Iterator[str], *, of: tuple[str, object], filters: dict[str, Any] | None) -> Response:
    kind, object_id = of
    asked = {name: str(value) for name, value in (filters or {}).items() if value is not None}
    with transaction():
        audit.record_by_staff(f"{kind}.export_{name}", kind, object_id, new=asked or None)
    response = Response(stream_with_context(lines), content_type="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{object_id}.csv"'
    return response


def _lines_of_pages(
    head: Iterable[str], read: Callable[[str | None, int], dict[str, Any]], write: Callable[[Any], Iterable[object]]
) -> Iterator[str]:
    yield _line(head)
    cursor = None
    while True:
        found = read(cursor, BATCH)
        lines = [_line(write(row)) for row in found["items"]]
        cursor = found["next_cursor"]
        _let_go()
        yield from lines
        if cursor is None:
            return


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
        _let_go()
        yield from lines
        if after is None:
            return
        wanted = page.where(key > after)


def _let_go() -> None:
    """End the transaction: none stays open while the client reads the lines, however slowly."""
    db.session.expunge_all()
    db.session.rollback()


def _line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(make_harmless(cell) for cell in cells)
    return line.getvalue()


def make_harmless(cell: object) -> str:
    """Quote what a spreadsheet would run as a formula, but leave numbers as they are."""
    text = "" if cell is None else str(cell)
    risky = text.startswith(("=", "+", "-", "@", "\t", "\r")) and not NEGATIVE.fullmatch(text)
    return f"'{text}" if risky else text
