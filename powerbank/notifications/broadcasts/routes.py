"""Staff: a message to many."""

from typing import Any
from uuid import UUID

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.fields import Boolean, Time
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.base import audit
from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.notifications.broadcasts import services as broadcasts
from powerbank.notifications.broadcasts import targets
from powerbank.notifications.broadcasts.models import Broadcast, BroadcastStatus

blueprint = Blueprint(
    "Broadcasts (staff)", __name__, url_prefix="/api/admin/system/broadcast", description="A message to many."
)
LINE = validate.Regexp(r"^(?=\s*\S)[^\x00-\x1f]*\Z")
LINES = validate.Regexp(r"^(?=\s*\S)[^\x00-\x09\x0b-\x1f]*\Z")


class TargetSchema(Schema):
    kyc_verified = Boolean()
    has_active_rental = Boolean()
    min_rentals = fields.Integer(validate=validate.Range(1, 1_000_000))
    city = fields.String(validate=[validate.Length(1, 80), LINE])


class BroadcastSchema(Schema):
    id = fields.UUID(dump_only=True)
    title = fields.String(required=True, validate=[validate.Length(1, 100), LINE])
    message = fields.String(required=True, validate=[validate.Length(1, 2000), LINES])
    target = fields.Nested(TargetSchema, load_default=dict, metadata={"description": "All of it must be so."})
    push = Boolean(load_default=False, metadata={"description": "Besides the list in the app."})
    status = fields.String(dump_only=True, validate=validate.OneOf([status.value for status in BroadcastStatus]))
    total = fields.Integer(dump_only=True, metadata={"description": "People it was meant for when it was sent."})
    told = fields.Integer(dump_only=True)
    pushes = fields.Integer(dump_only=True, metadata={"description": "Handed over so far."})
    created_at = Time(dump_only=True)
    finished_at = Time(dump_only=True, allow_none=True)


class CountArguments(Schema):
    target = fields.Nested(TargetSchema, load_default=dict)


class CountSchema(Schema):
    people = fields.Integer(required=True)


@blueprint.route("")
class Broadcasts(MethodView):
    @staff_only("system.read")
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(BroadcastSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All that was sent, newest first"""
        return page(select(Broadcast), Broadcast.id, descending=True, **arguments)

    @staff_only("notices.broadcast")
    @blueprint.arguments(BroadcastSchema)
    @blueprint.response(202, BroadcastSchema)
    def post(self, body: dict[str, Any]) -> Broadcast:
        """Tell everybody, or those whom the target names; pushes wait for the morning"""
        with transaction():
            broadcast = broadcasts.send_broadcast(**body, by=current_staff().id, now=utcnow())
            audit.by_staff("broadcast.send", "broadcast", broadcast.id, new={**body, "total": broadcast.total})
        return broadcast


@blueprint.post("/count")
@staff_only("notices.broadcast")
@blueprint.arguments(CountArguments)
@blueprint.response(200, CountSchema)
def count(body: dict[str, Any]) -> dict[str, int]:
    """How many people a target names; nobody is told anything"""
    return {"people": targets.count_people(body["target"], now=utcnow())}


@blueprint.get("/<uuid:broadcast_id>")
@staff_only("system.read")
@blueprint.response(200, BroadcastSchema)
def one(broadcast_id: UUID) -> Broadcast:
    """How far it has come"""
    broadcast = db.session.get(Broadcast, broadcast_id, populate_existing=True)
    if broadcast is None:
        raise NotFoundError("broadcast")
    return broadcast


@blueprint.post("/<uuid:broadcast_id>/cancel")
@staff_only("notices.broadcast")
@blueprint.response(200, BroadcastSchema)
def cancel(broadcast_id: UUID) -> Broadcast:
    """Stop it where it is; whoever was told stays told"""
    with transaction():
        broadcast = broadcasts.cancel_broadcast(broadcast_id, now=utcnow())
        audit.by_staff("broadcast.cancel", "broadcast", broadcast.id, new={"told": broadcast.told})
    return broadcast
