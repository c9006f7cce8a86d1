"""Serve staff what became of the messages to a person, and all messages that failed."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.exports import export_csv
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.clock import format_time
from powerbank.notifications.delivery import queries, resending
from powerbank.notifications.delivery.schemas import (
    DeliveryArguments,
    DeliveryFilters,
    DeliverySchema,
    FailureArguments,
    FailureSchema,
)
from powerbank.notifications.models import Delivery

blueprint = Blueprint(
    "Deliveries (staff)", __name__, url_prefix="/api/admin/deliveries", description="What became of messages."
)


@blueprint.get("")
@staff_only("users.read")
@blueprint.arguments(DeliveryArguments, location="query")
@blueprint.response(200, page_of(DeliverySchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Every message to a person on every channel, newest first; never what it said"""
    return queries.delivery_page(**arguments)


@blueprint.post("/<uuid:delivery_id>/resend")
@staff_only("users.write")
@idempotent
@blueprint.response(201, DeliverySchema)
def resend(delivery_id: UUID) -> Delivery:
    """Send the message once more, as a delivery of its own; a one-time code is asked for anew by its person"""
    return resending.resend_delivery(delivery_id, staff=current_staff())


@blueprint.get("/failures")
@staff_only("users.read")
@blueprint.arguments(FailureArguments, location="query")
@blueprint.response(200, page_of(FailureSchema))
def failures(arguments: dict[str, Any]) -> dict[str, Any]:
    """What did not arrive, over all people and staff, newest first; never what it said"""
    return queries.failure_page(**arguments)


@blueprint.get("/export.csv")
@staff_only("users.read")
@blueprint.arguments(DeliveryFilters, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export(filters: dict[str, Any]) -> Response:
    """The same as CSV, oldest first"""
    names = ("id", "type", "channel", "masked", "status", "reason", "attempts")

    def rows(delivery: Delivery) -> Iterator[list[object]]:
        times = [format_time(at) if at else None for at in (delivery.created_at, delivery.finished_at)]
        yield [*times, *(getattr(delivery, name) for name in names)]

    head = ("at", "finished at", "delivery", "type", "channel", "to", "status", "reason", "attempts")
    query = queries.deliveries_of_user(**filters)
    return export_csv("deliveries", head, query, Delivery.id, rows, of=("users", filters["user_id"]))
