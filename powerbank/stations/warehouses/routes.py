"""Staff keep the warehouses and count them."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent_if_asked
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.stations.warehouses import queries, services
from powerbank.stations.warehouses.models import WarehouseCount
from powerbank.stations.warehouses.schemas import (
    ScannedStockSchema,
    StockSchema,
    WarehouseArguments,
    WarehouseChangeSchema,
    WarehouseCountSchema,
    WarehouseSchema,
)

blueprint = Blueprint(
    "Warehouses (staff)", __name__, url_prefix="/api/admin/warehouses", description="Where power banks lie."
)


@blueprint.route("")
class Warehouses(MethodView):
    @staff_only("stations.read")
    @blueprint.arguments(WarehouseArguments, location="query")
    @blueprint.response(200, page_of(WarehouseSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List, with how many power banks lie in each"""
        return queries.list_warehouses(**arguments)

    @staff_only("stations.write")
    @blueprint.arguments(WarehouseSchema)
    @blueprint.response(201, WarehouseSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create. The first one is the main one"""
        with transaction():
            shown = queries.show_warehouse(services.make_warehouse(body))
            audit.record_by_staff(
                "warehouses.create", "warehouse", shown["id"], new=dict(WarehouseSchema().dump(shown))
            )
        return shown


@blueprint.route("/<uuid:warehouse_id>")
class OneWarehouse(MethodView):
    @staff_only("stations.read")
    @blueprint.response(200, WarehouseSchema)
    def get(self, warehouse_id: UUID) -> dict[str, Any]:
        """Read"""
        return queries.show_warehouse(queries.find_warehouse(warehouse_id))

    @staff_only("stations.write")
    @blueprint.arguments(WarehouseChangeSchema(partial=True))
    @blueprint.response(200, WarehouseSchema)
    def patch(self, body: dict[str, Any], warehouse_id: UUID) -> dict[str, Any]:
        """Change the fields given"""
        with transaction():
            warehouse = services.lock_warehouse(warehouse_id)
            old = dict(WarehouseSchema().dump(queries.show_warehouse(warehouse)))
            services.change_warehouse(warehouse, body)
            shown = queries.show_warehouse(warehouse)
            new = dict(WarehouseSchema().dump(shown))
            audit.record_by_staff("warehouses.update", "warehouse", warehouse_id, old=old, new=new)
        return shown


@blueprint.get("/<uuid:warehouse_id>/stock")
@staff_only("stations.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(StockSchema))
def stock(arguments: dict[str, Any], warehouse_id: UUID) -> dict[str, Any]:
    """The power banks that lie in a warehouse"""
    return queries.list_stock(queries.find_warehouse(warehouse_id), **arguments)


@blueprint.get("/<uuid:warehouse_id>/counts")
@staff_only("stations.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(WarehouseCountSchema))
def counts(arguments: dict[str, Any], warehouse_id: UUID) -> dict[str, Any]:
    """How a warehouse was counted, newest first"""
    return queries.list_counts(warehouse_id, **arguments)


@blueprint.post("/<uuid:warehouse_id>/count")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(ScannedStockSchema)
@blueprint.response(200, WarehouseCountSchema)
def count(body: dict[str, Any], warehouse_id: UUID) -> WarehouseCount:
    """Say which power banks were scanned. What differs from the books becomes a discrepancy"""
    warehouse = services.lock_warehouse(warehouse_id)
    counted = services.count_warehouse(warehouse, body["serials"], by=staff_actor(current_staff().id), now=utcnow())
    audit.record_by_staff("warehouses.count", "warehouse", warehouse_id, new=dict(WarehouseCountSchema().dump(counted)))
    return counted
