"""Keyset paging: `?limit=&cursor=` in, `{"items": […], "next_cursor": …}` out, stable under inserts."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from powerbank.base.db import db
from powerbank.base.errors import AppError

MOST = 100


class PageArguments(Schema):
    limit = fields.Integer(load_default=20, validate=validate.Range(1, MOST))
    cursor = fields.String(load_default=None, allow_none=True)


def page_of(item: type[Schema]) -> type[Schema]:
    """Make the schema of a page of items."""
    name = f"{item.__name__.removesuffix('Schema')}Page"
    return type(
        f"{name}Schema",
        (Schema,),
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
    )


def page(
    query: Select[Any],
    *keys: InstrumentedAttribute[Any],
    limit: int,
    cursor: str | None,
    descending: bool = False,
) -> dict[str, Any]:
    """Read one page in the order of `keys`, which together must be unique and stand in one index."""
    rest = query.where(after_cursor(cursor, *keys, descending=descending))
    ordered = rest.order_by(*(key.desc() if descending else key.asc() for key in keys))
    rows = list(db.session.scalars(ordered.limit(limit + 1)))
    more = len(rows) > limit
    items = rows[:limit]
    return {"items": items, "next_cursor": _encode(items[-1], keys) if more else None}


def find_page(read: Callable[[str | None], dict[str, Any]], cursor: str | None) -> dict[str, Any]:
    """Read the page that begins at a cursor, or the first one where the cursor was typed by hand."""
    try:
        return read(cursor)
    except AppError as refused:
        if refused.code != "bad_cursor":
            raise
        return read(None)


def after_cursor(cursor: str | None, *keys: InstrumentedAttribute[Any], descending: bool) -> ColumnElement[bool]:
    """Make the condition on what follows the page before, for queries that look for it in more than one place."""
    if cursor is None:
        return true()
    position, values = tuple_(*keys), tuple_(*_decode(cursor, keys))
    return position < values if descending else position > values


def _encode(row: Any, keys: Sequence[InstrumentedAttribute[Any]]) -> str:
    values = [getattr(row, key.key) for key in keys]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, default=str).encode()).decode().rstrip("=")


def _decode(cursor: str, keys: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(keys):
            raise ValueError("wrong number of values")  # noqa: TRY301
        return [_typed(value, key.type.python_type) for value, key in zip(values, keys, strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise bad_cursor_error() from error


def bad_cursor_error() -> AppError:
    return AppError("bad_cursor", 400, "This cursor was not made here.")


def _typed(value: Any, kind: type) -> Any:
    if kind in (datetime, UUID) and not isinstance(value, str):
        raise TypeError("wrong type")
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return moment
    if kind is UUID:
        return UUID(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError("wrong type")
    # PostgreSQL's text and bigint have no place for these values.
    if isinstance(value, str) and b"\x00" in value.encode():  # which refuses lone surrogates
        raise ValueError("not text")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("too large")
    return value
