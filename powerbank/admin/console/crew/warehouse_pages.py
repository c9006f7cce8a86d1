"""Warehouses for staff: what lies in each, and how it was counted."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import CREW
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import find_page
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.pages.schema_forms import describe_form, read_form
from powerbank.stations.warehouses import queries, services
from powerbank.stations.warehouses.models import Warehouse
from powerbank.stations.warehouses.schemas import (
    ScannedStockSchema,
    WarehouseArguments,
    WarehouseCountSchema,
    WarehouseSchema,
)

blueprint = console_blueprint("console_warehouses", __name__, url_prefix="/console/crew/warehouses")

PAGE = ListPage(
    "Warehouses",
    CREW,
    columns=(
        lists.words("Name", "name"),
        lists.badge("State", lambda house: "active" if house["active"] else "switched off", {"active": "good"}),
        lists.words("City", lambda house: house["city"] or ""),
        lists.number("In stock", "stock"),
        lists.number("Held back", "held_back"),
        lists.words("Main one", lambda house: translate("yes") if house["main"] else ""),
    ),
    filters=(lists.choice("Active", "active", ["true", "false"]),),
    empty=("No warehouses.", "Power banks that are in no station and with nobody lie in a warehouse."),
    api="/api/admin/warehouses",
    opens=lambda house: url_for("console_warehouses.one", warehouse_id=house["id"]),
    template="console/crew/warehouses.html",
    file="warehouses",
)


@blueprint.get("")
def listing() -> str | Response:
    staff = page_staff("stations.read")
    return show_list(PAGE, queries.list_warehouses, WarehouseArguments, staff=staff)


@blueprint.get("/new")
def new() -> str:
    page_staff("stations.write")
    return _show_form(None, describe_form(WarehouseSchema()))


@blueprint.post("/new")
@refusals_lead_to("console_warehouses.new")
@idempotent_form
def make() -> AnyResponse | str:
    page_staff("stations.write")
    values, errors = read_form(WarehouseSchema())
    if errors:
        return _show_form(None, describe_form(WarehouseSchema(), given=request.form, errors=errors))
    house = services.make_warehouse(values)
    audit.record_by_staff("warehouses.create", "warehouse", house.id, new=_for_audit(house))
    flash(translate("It is made."))
    return redirect(url_for("console_warehouses.one", warehouse_id=house.id))


@blueprint.get("/<uuid:warehouse_id>")
def one(warehouse_id: UUID) -> str:
    staff = page_staff("stations.read")
    house = queries.find_warehouse(warehouse_id)
    stock = find_page(
        lambda cursor: queries.list_stock(house, limit=lists.SHOWN, cursor=cursor), request.args.get("cursor")
    )
    return render_template(
        "console/crew/warehouse.html",
        staff=staff,
        section=CREW,
        house=queries.show_warehouse(house),
        stock=stock["items"],
        next_cursor=stock["next_cursor"],
        counts=queries.list_counts(warehouse_id, limit=10, cursor=None)["items"],
    )


@blueprint.get("/<uuid:warehouse_id>/edit")
def edit(warehouse_id: UUID) -> str:
    page_staff("stations.write")
    house = queries.find_warehouse(warehouse_id)
    return _show_form(house, describe_form(WarehouseSchema(), row=house))


@blueprint.post("/<uuid:warehouse_id>/edit")
@refusals_lead_to("console_warehouses.edit")
@idempotent_form
def change(warehouse_id: UUID) -> AnyResponse | str:
    page_staff("stations.write")
    values, errors = read_form(WarehouseSchema(partial=True))
    if errors:
        form = describe_form(WarehouseSchema(), given=request.form, errors=errors)
        return _show_form(queries.find_warehouse(warehouse_id), form)
    house = services.lock_warehouse(warehouse_id)
    old = _for_audit(house)
    services.change_warehouse(house, values)
    audit.record_by_staff("warehouses.update", "warehouse", warehouse_id, old=old, new=_for_audit(house))
    flash(translate("Saved."))
    return redirect(url_for("console_warehouses.one", warehouse_id=warehouse_id))


@blueprint.post("/<uuid:warehouse_id>/count")
@refusals_lead_to("console_warehouses.one")
@idempotent_form
def count(warehouse_id: UUID) -> AnyResponse:
    """Compare what was scanned with the books. What differs becomes a discrepancy."""
    staff = page_staff("stations.operate")
    body = load_form(ScannedStockSchema, serials=request.form.get("scanned", "").split())
    house = services.lock_warehouse(warehouse_id)
    counted = services.count_warehouse(house, body["serials"], by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("warehouses.count", "warehouse", warehouse_id, new=dict(WarehouseCountSchema().dump(counted)))
    differs = len(counted.missing) + len(counted.surplus) + len(counted.unknown)
    flash(translate("Counted. {count} differ.", count=differs) if differs else translate("Counted, and all is there."))
    return redirect(url_for("console_warehouses.one", warehouse_id=warehouse_id))


def _show_form(house: Warehouse | None, form: Any) -> str:
    return render_template(
        "console/crew/warehouse_form.html", staff=page_staff("stations.write"), section=CREW, house=house, form=form
    )


def _for_audit(house: Warehouse) -> dict[str, Any]:
    return dict(WarehouseSchema().dump(queries.show_warehouse(house)))
