"""Make and change warehouses, and count what lies in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.database_errors import Refusals, already_exists_error, inconsistent_error, refusing_on
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.stations.custody import discrepancies
from powerbank.stations.custody.models import Custody, Discrepancy, DiscrepancyKind, PowerBank
from powerbank.stations.warehouses import queries
from powerbank.stations.warehouses.models import Warehouse, WarehouseCount

_REFUSALS: Refusals = {
    "uq_warehouses_name": already_exists_error(),
    "uq_warehouses_main": ConflictError("already_main", "Another warehouse was made the main one just now."),
    "ck_warehouses_main": inconsistent_error(),
    "ck_warehouses_whole_point": inconsistent_error(),
}


def make_warehouse(values: Mapping[str, Any]) -> Warehouse:
    """Make a warehouse. The first one is the main one, where all lies that has no place of its own."""
    session = open_session()
    warehouse = Warehouse(id=new_id(), **values)
    if not values.get("main"):
        warehouse.main = queries.find_main() is None
    else:
        _end_main()
    session.add(warehouse)
    with refusing_on(_REFUSALS):
        session.flush()
    session.refresh(warehouse)
    return warehouse


def lock_warehouse(warehouse_id: Any) -> Warehouse:
    warehouse = open_session().get(Warehouse, warehouse_id, with_for_update=True, populate_existing=True)
    if warehouse is None:
        raise NotFoundError("warehouse")
    return warehouse


def change_warehouse(warehouse: Warehouse, changes: Mapping[str, Any]) -> None:
    """Change a locked warehouse. What lies there stays there, also when it is closed."""
    if changes.get("main") and not warehouse.main:
        _end_main()
    for name, value in changes.items():
        setattr(warehouse, name, value)
    with refusing_on(_REFUSALS):
        open_session().flush()


def count_warehouse(warehouse: Warehouse, serials: Sequence[str], *, by: str, now: datetime) -> WarehouseCount:
    """Compare what was scanned in a locked warehouse with what should lie there. Differences become discrepancies.

    Nothing is moved by a count: staff say of each difference where the power bank is, or write it off.
    """
    session = open_session()
    scanned = set(serials)
    expected = set(
        session.scalars(
            select(PowerBank.serial).join(Custody, Custody.bank_id == PowerBank.id).where(queries.stock_of(warehouse))
        )
    )
    known = set(session.scalars(select(PowerBank.serial).where(PowerBank.serial.in_(scanned - expected))))
    differences = {
        DiscrepancyKind.BANK_MISSING: sorted(expected - scanned),
        DiscrepancyKind.BANK_ELSEWHERE: sorted(known),
        DiscrepancyKind.UNKNOWN_SERIAL: sorted(scanned - expected - known),
    }
    for serial in sorted(expected & scanned):
        _close(serial, warehouse, by=by, now=now)
    for kind, found in differences.items():
        for serial in found:
            _open(kind, serial, warehouse, now=now)
    count = WarehouseCount(
        id=new_id(),
        warehouse_id=warehouse.id,
        counted_by=by,
        at=now,
        expected=len(expected),
        scanned=len(scanned),
        missing=differences[DiscrepancyKind.BANK_MISSING],
        surplus=differences[DiscrepancyKind.BANK_ELSEWHERE],
        unknown=differences[DiscrepancyKind.UNKNOWN_SERIAL],
    )
    session.add(count)
    session.flush()
    return count


def _open(kind: DiscrepancyKind, serial: str, warehouse: Warehouse, *, now: datetime) -> None:
    """Open a discrepancy about a warehouse, or note that an open one was found again."""
    seen = {
        "station_id": None,
        "warehouse_id": warehouse.id,
        "slot_number": None,
        "detail": {"how": "count"},
        "last_seen_at": now,
    }
    made = insert(Discrepancy).values(id=new_id(), kind=kind, serial=serial, opened_at=now, **seen)
    # Where a station misses the same power bank already, that stays as it is.
    open_session().execute(
        made.on_conflict_do_update(
            index_elements=["kind", "serial"],
            index_where=Discrepancy.resolved_at.is_(None),
            set_={"last_seen_at": now},
        )
    )


def _close(serial: str, warehouse: Warehouse, *, by: str, now: datetime) -> None:
    """Close what earlier counts found about a power bank that lies where it should."""
    of_count = (Discrepancy.serial == serial, Discrepancy.warehouse_id.is_not(None), Discrepancy.resolved_at.is_(None))
    if open_session().scalar(select(func.count()).where(*of_count)):
        discrepancies.close_discrepancies(serial, resolution=f"counted in {warehouse.name}", by=by, now=now)


def _end_main() -> None:
    open_session().execute(update(Warehouse).where(Warehouse.main).values(main=False))
