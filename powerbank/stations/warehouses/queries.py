"""Read warehouses, what lies in them, and how they were counted."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.stations.custody.models import Custody, Place, PowerBank, Whereabouts
from powerbank.stations.warehouses.models import Warehouse, WarehouseCount

PREFIX = "warehouse:"
IN_A_WAREHOUSE = (Place.WAREHOUSE, Place.QUARANTINED)


def holder_of(warehouse: Warehouse | None) -> str | None:
    """Name a warehouse as the holder of power banks. Without any warehouse they lie in the one that nobody named."""
    return None if warehouse is None else f"{PREFIX}{warehouse.id}"


def find_warehouse(warehouse_id: UUID) -> Warehouse:
    found = db.session.get(Warehouse, warehouse_id)
    if found is None:
        raise NotFoundError("warehouse")
    return found


def find_holder(name: str) -> str | None:
    """Find the warehouse that staff mean by its name, as a holder of power banks."""
    found = db.session.scalar(select(Warehouse).where(func.lower(Warehouse.name) == name.strip().lower()))
    return holder_of(found)


def find_main() -> Warehouse | None:
    found: Warehouse | None = db.session.scalar(select(Warehouse).where(Warehouse.main))
    return found


def find_for_drop(warehouse_id: UUID | None) -> Warehouse | None:
    """Find the warehouse where something is handed in: the one that is named, else the main one, else none."""
    if warehouse_id is None:
        return find_main()
    found = find_warehouse(warehouse_id)
    if not found.active:
        raise NotFoundError("warehouse")
    return found


def lies_in(here: Whereabouts, warehouse: Warehouse | None) -> bool:
    """Tell whether a power bank lies in a warehouse. What has no holder lies in the main one."""
    if here.place not in IN_A_WAREHOUSE:
        return False
    is_main = warehouse is None or warehouse.main
    return here.holder == holder_of(warehouse) or (is_main and here.holder is None)


def stock_of(warehouse: Warehouse) -> ColumnElement[bool]:
    """Make the condition on stays that are in this warehouse now."""
    mine = Custody.holder == holder_of(warehouse)
    held = or_(mine, Custody.holder.is_(None)) if warehouse.main else mine
    return func.upper_inf(Custody.period) & Custody.place.in_(IN_A_WAREHOUSE) & held


def count_stock(warehouses: Collection[Warehouse]) -> dict[UUID, dict[str, int]]:
    """Count the power banks in each of these warehouses: those in stock and those held back."""
    query = (
        select(Custody.holder, Custody.place, func.count())
        .where(func.upper_inf(Custody.period), Custody.place.in_(IN_A_WAREHOUSE))
        .group_by(Custody.holder, Custody.place)
    )
    counted: dict[tuple[str | None, str], int] = {(row[0], row[1]): row[2] for row in db.session.execute(query)}
    found = {}
    for warehouse in warehouses:
        holders = [holder_of(warehouse), *([None] if warehouse.main else [])]
        found[warehouse.id] = {
            "stock": sum(counted.get((holder, Place.WAREHOUSE), 0) for holder in holders),
            "held_back": sum(counted.get((holder, Place.QUARANTINED), 0) for holder in holders),
        }
    return found


def list_warehouses(*, active: bool | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of the warehouses with what lies in them."""
    query = select(Warehouse)
    if active is not None:
        query = query.where(Warehouse.active == active)
    found = page(query, Warehouse.id, limit=limit, cursor=cursor)
    counts = count_stock(found["items"])
    return found | {"items": [show_warehouse(each, counts[each.id]) for each in found["items"]]}


def show_warehouse(warehouse: Warehouse, counts: dict[str, int] | None = None) -> dict[str, Any]:
    fields = ("id", "name", "city", "address", "lat", "lng", "main", "active", "created_at")
    counted = count_stock([warehouse])[warehouse.id] if counts is None else counts
    return {field: getattr(warehouse, field) for field in fields} | counted


def list_stock(warehouse: Warehouse, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of the power banks in a warehouse, by their ids."""
    query = select(PowerBank).join(Custody, Custody.bank_id == PowerBank.id).where(stock_of(warehouse))
    found = page(query, PowerBank.id, limit=limit, cursor=cursor)
    ids = [bank.id for bank in found["items"]]
    stays = db.session.scalars(select(Custody).where(Custody.bank_id.in_(ids), func.upper_inf(Custody.period)))
    since = {stay.bank_id: stay for stay in stays}
    items = [
        {
            "serial": bank.serial,
            "model": bank.model,
            "health": bank.health,
            "quarantine_reason": bank.quarantine_reason,
            "place": since[bank.id].place,
            "since": since[bank.id].since,
            "cause": since[bank.id].cause,
        }
        for bank in found["items"]
    ]
    return found | {"items": items}


def list_counts(warehouse_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of the counts of a warehouse, newest first."""
    query = select(WarehouseCount).where(WarehouseCount.warehouse_id == find_warehouse(warehouse_id).id)
    return page(query, WarehouseCount.id, descending=True, limit=limit, cursor=cursor)


def name_holders(holders: Collection[str]) -> dict[str, str]:
    """Name those of these holders of power banks that are warehouses."""
    found = db.session.execute(
        select(Warehouse.id, Warehouse.name).where(func.concat(PREFIX, Warehouse.id).in_(holders))
    )
    return {f"{PREFIX}{row.id}": row.name for row in found}
