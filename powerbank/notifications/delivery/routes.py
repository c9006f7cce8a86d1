"""Staff: what became of the messages to a person, and which failed, whoever they were for."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields, validate
from sqlalchemy import Select, select

from powerbank.api.auth import staff_only
from powerbank.api.exports import export_csv
from powerbank.api.fields import Time
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.base.clock import format_time
from powerbank.notifications.delivery import queries as notification_queries
from powerbank.notifications.models import Channel, Delivery, DeliveryStatus
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.staff.notice_types import StaffNoticeType

blueprint = Blueprint(
    "Deliveries (staff)", __name__, url_prefix="/api/admin/deliveries", description="What became of messages."
)


class DeliveryFilters(Schema):
    user_id = fields.UUID(required=True)
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in DeliveryStatus]))
    channel = fields.String(load_default=None, validate=validate.OneOf([channel.value for channel in Channel]))


class DeliveryArguments(PageArguments, DeliveryFilters):
    pass


class DeliverySchema(Schema):
    id = fields.UUID(required=True)
    notice_id = fields.UUID(required=True, allow_none=True)
    type = fields.String(required=True)
    channel = fields.String(required=True)
    masked = fields.String(required=True, allow_none=True, metadata={"description": "Where to, unreadable in part."})
    status = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    created_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)


@blueprint.get("")
@staff_only("users.read")
@blueprint.arguments(DeliveryArguments, location="query")
@blueprint.response(200, page_of(DeliverySchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Every message to a person on every channel, newest first; never what it said"""
    filters = {name: arguments.pop(name) for name in ("user_id", "status", "channel")}
    return page(_of(**filters), Delivery.id, descending=True, **arguments)


class FailureArguments(PageArguments):
    status = fields.String(
        load_default=None, validate=validate.OneOf([status.value for status in notification_queries.FAILED_STATUSES])
    )
    channel = fields.String(load_default=None, validate=validate.OneOf([channel.value for channel in Channel]))
    type = fields.String(load_default=None, validate=validate.OneOf([*NoticeType, *StaffNoticeType]))
    since = Time(load_default=None, metadata={"description": "Asked for from this time on."})
    until = Time(load_default=None, metadata={"description": "Asked for before this time."})


class FailureSchema(DeliverySchema):
    user_id = fields.UUID(required=True, allow_none=True, metadata={"description": "None of a code for a newcomer."})
    staff_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Of a notice to staff."})


@blueprint.get("/failures")
@staff_only("users.read")
@blueprint.arguments(FailureArguments, location="query")
@blueprint.response(200, page_of(FailureSchema))
def failures(arguments: dict[str, Any]) -> dict[str, Any]:
    """What did not arrive, over all people and staff, newest first; never what it said"""
    filters = {name: arguments.pop(name) for name in ("status", "channel", "type", "since", "until")}
    return page(notification_queries.failed_deliveries(**filters), Delivery.id, descending=True, **arguments)


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
    return export_csv("deliveries", head, _of(**filters), Delivery.id, rows, of=("users", filters["user_id"]))


def _of(*, user_id: UUID, status: str | None, channel: str | None) -> Select[Delivery]:
    query = select(Delivery).where(Delivery.user_id == user_id)
    query = query if status is None else query.where(Delivery.status == status)
    return query if channel is None else query.where(Delivery.channel == channel)
