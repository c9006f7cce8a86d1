"""Everything that is kept of one person, as lines of JSON: what somebody is given who asks for it.

It is found from how tables refer to each other, so the table of a new domain is in it by itself. What opens doors, or
is about somebody else as well, is left out by name.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import Response, stream_with_context
from sqlalchemy import Column, LargeBinary, Select, Table, or_, select, tuple_

from powerbank.base.clock import format_time
from powerbank.base.db import Base, db

BATCH = 1000

# Tables of which nothing is given, with the reason.
LEFT_OUT = MappingProxyType(
    {
        "gateway_events": "what payment gateways said, beside others' payments; each payment is in its own row",
        "identifier_traces": "digests by which a number that was used before is known, and nothing that can be read",
        "operation_items": "what staff did to many things at once",
        "otp_challenges": "codes that are under way",
        "refresh_tokens": "keys to the account",
        "settlement_comparisons": "how our books were compared with a gateway's",
        "user_notes": "what staff wrote for each other",
    }
)
# Columns that open doors, or that only machines read, wherever they stand.
SECRET = ("context", "digest", "fcm_token", "form", "key", "token", "web_push_keys")


def write_lines(user_id: UUID) -> Iterator[str]:
    """Write a line for each row, `{"table": …, "row": {…}}`. One batch is in memory at a time."""
    for table, query in _queries(user_id):
        after: tuple[Any, ...] | None = None
        while True:
            rows = _read_batch(table, query, after)
            yield from (json.dumps({"table": table.name, "row": _shown(table, row)}) + "\n" for row in rows)
            if len(rows) < BATCH:
                break
            after = tuple(rows[-1][column.name] for column in table.primary_key)


def answer_with_lines(user_id: UUID) -> Response:
    response = Response(stream_with_context(write_lines(user_id)), content_type="application/x-ndjson")
    response.headers["Content-Disposition"] = f'attachment; filename="person-{user_id}.ndjson"'
    return response


def list_tables() -> dict[str, list[Column[Any]]]:
    """List the tables of people's data, with the columns that lead to the person."""
    users = Base.metadata.tables["users"]
    own = {table.name: _columns_to(table, {"users"}) for table in Base.metadata.sorted_tables}
    own = {name: columns for name, columns in own.items() if columns} | {"users": [users.c.id]}
    below = {
        table.name: _columns_to(table, own.keys() - {"users"})[:1]
        for table in Base.metadata.sorted_tables
        if table.name not in own
    }
    return own | {name: columns for name, columns in below.items() if columns}


def _queries(user_id: UUID) -> Iterator[tuple[Table, Select[Any]]]:
    for name, columns in list_tables().items():
        if name in LEFT_OUT:
            continue
        table = Base.metadata.tables[name]
        query = select(table).where(or_(*(_leads_to(column, user_id) for column in columns)))
        if name == "support_messages":
            query = query.where(table.c.is_note.is_(False))  # those are for staff
        yield table, query


def _leads_to(column: Column[Any], user_id: UUID) -> Any:
    """Say that a column names the person, or a row of a table that does."""
    if column.table.name == "users":
        return column == user_id
    target = next(iter(column.foreign_keys)).column
    if target.table.name == "users":
        return column == user_id
    owners = _columns_to(target.table, {"users"})
    return column.in_(select(target).where(or_(*(owner == user_id for owner in owners))))


def _columns_to(table: Table, names: Any) -> list[Column[Any]]:
    return [column for column in table.columns if any(key.column.table.name in names for key in column.foreign_keys)]


def _read_batch(table: Table, query: Select[Any], after: tuple[Any, ...] | None) -> list[dict[str, Any]]:
    """Read the next rows in the order of the table's own key, and let the connection go."""
    key = list(table.primary_key)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    rows = [dict(row) for row in db.session.execute(query.order_by(*key).limit(BATCH)).mappings()]
    db.session.rollback()
    return rows


def _shown(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {
        column.name: _plain(row[column.name])
        for column in table.columns
        if column.name not in SECRET and not isinstance(column.type, LargeBinary)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool | list | dict) else str(value)
