"""Routes for staff that create, read, update and delete rows of tables without rules. Every change is audited.

A table with rules gets routes and services instead of this.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from marshmallow import Schema
from psycopg2.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import select

from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.base import audit
from powerbank.base.database_errors import Refusals, already_exists_error, foreseen, in_use_error, inconsistent_error
from powerbank.base.db import Base, db, open_session, transaction
from powerbank.base.errors import NotFoundError


def add_crud(
    blueprint: Blueprint, path: str, model: Any, schema: type[Schema], *, permission: str, together: Sequence[str] = ()
) -> None:
    """Add the routes `/{path}` and `/{path}/{id}`. `model` has a UUIDv7 `id`; `schema` validates and renders it.

    `together` names the CHECKs over several columns: a change of one may not go together with what the others are.
    """
    kind = model.__tablename__
    read, write = f"{permission}.read", f"{permission}.write"

    def refusals() -> Refusals:
        return {
            UniqueViolation: already_exists_error(),
            **{f"ck_{kind}_{rule}": inconsistent_error() for rule in together},
        }

    class Collection(MethodView):
        @staff_only(read)
        @blueprint.arguments(PageArguments, location="query")
        @blueprint.response(200, page_of(schema))
        def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
            """List, newest first"""
            return page(select(model), model.id, descending=True, **arguments)

        @staff_only(write)
        @blueprint.arguments(schema)
        @blueprint.response(201, schema)
        def post(self, body: dict[str, Any]) -> Base:
            """Create"""
            with transaction() as session:
                row = model(**body)
                session.add(row)
                with foreseen(refusals()):
                    session.flush()
                session.refresh(row)
                audit.by_staff(f"{kind}.create", kind, row.id, new=_snapshot(schema, row))
            return row  # type: ignore[no-any-return]

    class Item(MethodView):
        @staff_only(read)
        @blueprint.response(200, schema)
        def get(self, item_id: UUID) -> Base:
            """Read"""
            row = db.session.get(model, item_id)
            if row is None:
                raise NotFoundError(kind.rstrip("s").replace("_", " "))
            return row  # type: ignore[no-any-return]

        @staff_only(write)
        @blueprint.arguments(schema(partial=True))
        @blueprint.response(200, schema)
        def patch(self, body: dict[str, Any], item_id: UUID) -> Base:
            """Change the fields given"""
            with transaction():
                row = _locked(model, item_id, kind)
                old = _snapshot(schema, row)
                for name, value in body.items():
                    setattr(row, name, value)
                with foreseen(refusals()):
                    open_session().flush()
                audit.by_staff(f"{kind}.update", kind, row.id, old=old, new=_snapshot(schema, row))
            return row  # type: ignore[no-any-return]

        @staff_only(write)
        @blueprint.response(204)
        def delete(self, item_id: UUID) -> None:
            """Delete"""
            with transaction() as session:
                row = _locked(model, item_id, kind)
                audit.by_staff(f"{kind}.delete", kind, row.id, old=_snapshot(schema, row))
                session.delete(row)
                with foreseen({ForeignKeyViolation: in_use_error()}):
                    session.flush()

    Collection.__name__, Item.__name__ = f"{model.__name__}Collection", f"{model.__name__}Item"
    blueprint.route(f"/{path}")(Collection)
    blueprint.route(f"/{path}/<uuid:item_id>")(Item)


def _locked(model: Any, item_id: UUID, kind: str) -> Any:
    row = open_session().get(model, item_id, with_for_update=True)
    if row is None:
        raise NotFoundError(kind.rstrip("s").replace("_", " "))
    return row


def _snapshot(schema: type[Schema], row: Base) -> dict[str, Any]:
    return dict(schema().dump(row))
