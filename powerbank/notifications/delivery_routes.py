"""Staff: what became of the messages to a person."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from powerbank.api.auth import staff_only
from powerbank.api.fields import Time
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.notifications.models import Channel, Delivery, DeliveryStatus

blueprint = Blueprint(
    "Deliveries (staff)", __name__, url_prefix="/api/admin/deliveries", description="What became of messages."
)


class DeliveryArguments(PageArguments):
    user_id = fields.UUID(required=True)
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in DeliveryStatus]))
    channel = fields.String(load_default=None, validate=validate.OneOf([channel.value for channel in Channel]))


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
    query = select(Delivery).where(Delivery.user_id == arguments.pop("user_id"))
    for name in ("status", "channel"):
        wanted = arguments.pop(name)
        if wanted is not None:
            query = query.where(getattr(Delivery, name) == wanted)
    return page(query, Delivery.id, descending=True, **arguments)
