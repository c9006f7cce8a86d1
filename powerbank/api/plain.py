"""Tables without rules of their own: what staff create, change and delete in them, over the API and in the console.

A table with rules gets services instead of this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marshmallow import Schema
from psycopg2.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import select

from powerbank.api.paging import page
from powerbank.base import audit
from powerbank.base.database_errors import Refusals, already_exists_error, in_use_error, inconsistent_error, refusing_on
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError


@dataclass(frozen=True)
class PlainTable:
    """A table as staff see it.

    `model` has a UUIDv7 `id`; `schema` validates and renders it. `together` names the CHECKs over several columns: a
    change of one may not go together with what the others are.
    """

    path: str  # of the API, below /api/admin
    model: Any
    schema: type[Schema]
    permission: str  # `.read` and `.write` of it
    together: tuple[str, ...] = ()

    @property
    def read(self) -> str:
        return f"{self.permission}.read"

    @property
    def write(self) -> str:
        return f"{self.permission}.write"

    @property
    def kind(self) -> str:
        return str(self.model.__tablename__)


def list_rows(table: PlainTable, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of a table, newest first."""
    return page(select(table.model), table.model.id, descending=True, limit=limit, cursor=cursor)


def find_row(table: PlainTable, row_id: UUID) -> Any:
    row = db.session.get(table.model, row_id)
    if row is None:
        raise _not_found(table)
    return row


def create_row(table: PlainTable, values: Mapping[str, Any], *, actor: str) -> Any:
    session = open_session()
    row = table.model(**values)
    session.add(row)
    with refusing_on(_refusals(table)):
        session.flush()
    session.refresh(row)
    _record("create", table, row, actor=actor, new=_snapshot(table, row))
    return row


def change_row(table: PlainTable, row_id: UUID, values: Mapping[str, Any], *, actor: str) -> Any:
    """Change the fields that are given."""
    row = _lock_row(table, row_id)
    old = _snapshot(table, row)
    for name, value in values.items():
        setattr(row, name, value)
    with refusing_on(_refusals(table)):
        open_session().flush()
    _record("update", table, row, actor=actor, old=old, new=_snapshot(table, row))
    return row


def delete_row(table: PlainTable, row_id: UUID, *, actor: str) -> None:
    row = _lock_row(table, row_id)
    _record("delete", table, row, actor=actor, old=_snapshot(table, row))
    open_session().delete(row)
    with refusing_on({ForeignKeyViolation: in_use_error()}):
        open_session().flush()


def _lock_row(table: PlainTable, row_id: UUID) -> Any:
    row = open_session().get(table.model, row_id, with_for_update=True)
    if row is None:
        raise _not_found(table)
    return row


def _not_found(table: PlainTable) -> NotFoundError:
    return NotFoundError(table.kind.rstrip("s").replace("_", " "))


def _refusals(table: PlainTable) -> Refusals:
    return {
        UniqueViolation: already_exists_error(),
        **{f"ck_{table.kind}_{rule}": inconsistent_error() for rule in table.together},
    }


def _snapshot(table: PlainTable, row: Any) -> dict[str, Any]:
    return dict(table.schema().dump(row))


def _record(act: str, table: PlainTable, row: Any, *, actor: str, **values: dict[str, Any]) -> None:
    action = f"{table.kind}.{act}"
    audit.record(actor=actor, action=action, object_kind=table.kind, object_id=row.id, **values)
