"""The console's page of an operation: how far it is, what became of each thing, and how it is stopped."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.auth import OWN_ACCOUNT
from powerbank.api.paging import find_page
from powerbank.base.db import transaction, utcnow
from powerbank.outbox import operation_items, operations
from powerbank.outbox.operation_items import ItemResult
from powerbank.stations.actions import queries as station_actions

blueprint = console_blueprint("console_operations", __name__, url_prefix="/console/operations")

SHOWN = 50


@blueprint.get("/<uuid:operation_id>")
def show(operation_id: UUID) -> str:
    staff = page_staff(OWN_ACCOUNT)  # whoever has asked for something may see what became of it
    operation = operations.find_operation_of_asker(operation_id, staff_id=staff.id, now=utcnow())
    result = request.args.get("result") if request.args.get("result") in [*ItemResult] else None
    found = find_page(
        lambda cursor: station_actions.list_items_with_commands(operation, result=result, limit=SHOWN, cursor=cursor),
        request.args.get("cursor"),
    )
    return render_template(
        "console/operation.html",
        staff=staff,
        operation=operation,
        asked=operation.request,
        progress=operation.progress or {},
        commands=station_actions.count_commands(operation_id),
        result=result,
        items=found["items"],
        next_cursor=found["next_cursor"],
    )


@blueprint.post("/<uuid:operation_id>/stop")
def stop(operation_id: UUID) -> Response:
    staff = page_staff(OWN_ACCOUNT)
    with transaction():
        operation_items.stop_operation(operation_id, staff_id=staff.id, now=utcnow())
    return redirect(url_for("console_operations.show", operation_id=operation_id))
