"""Routes for staff that create, read, update and delete rows of tables without rules. Every change is audited.

A table with rules gets routes and services instead of this.
"""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api import plain
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.api.plain import PlainTable
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction


def add_crud(blueprint: Blueprint, table: PlainTable, *, prefix: str = "") -> None:
    """Add the routes `/{path}` and `/{path}/{id}` of a table."""
    schema = table.schema

    class Collection(MethodView):
        @staff_only(table.read)
        @blueprint.arguments(PageArguments, location="query")
        @blueprint.response(200, page_of(schema))
        def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
            """List, newest first"""
            return plain.list_rows(table, **arguments)

        @staff_only(table.write)
        @blueprint.arguments(schema)
        @blueprint.response(201, schema)
        def post(self, body: dict[str, Any]) -> Any:
            """Create"""
            with transaction():
                return plain.create_row(table, body, actor=staff_actor(current_staff().id))

    class Item(MethodView):
        @staff_only(table.read)
        @blueprint.response(200, schema)
        def get(self, item_id: UUID) -> Any:
            """Read"""
            return plain.find_row(table, item_id)

        @staff_only(table.write)
        @blueprint.arguments(schema(partial=True))
        @blueprint.response(200, schema)
        def patch(self, body: dict[str, Any], item_id: UUID) -> Any:
            """Change the fields given"""
            with transaction():
                return plain.change_row(table, item_id, body, actor=staff_actor(current_staff().id))

        @staff_only(table.write)
        @blueprint.response(204)
        def delete(self, item_id: UUID) -> None:
            """Delete"""
            with transaction():
                plain.delete_row(table, item_id, actor=staff_actor(current_staff().id))

    many = table.path.replace("-", " ")
    one = f"{many.removesuffix('ies')}y" if many.endswith("ies") else many.removesuffix("s")
    titles = {
        Collection.get: f"List {many}, newest first",
        Collection.post: f"Create a new {one}",
        Item.get: f"Read one {one}",
        Item.patch: f"Change the fields given of one {one}",
        Item.delete: f"Delete one {one}",
    }
    for view, title in titles.items():
        view.__doc__ = title
    Collection.__name__, Item.__name__ = f"{table.model.__name__}Collection", f"{table.model.__name__}Item"
    blueprint.route(f"{prefix}/{table.path}")(Collection)
    blueprint.route(f"{prefix}/{table.path}/<uuid:item_id>")(Item)
