"""Accepted operations: the answer 202 to who asked, and `GET /api/operations/{id}`, which says how they stand."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request
from marshmallow import Schema, fields, validate

from powerbank.api.auth import known_staff, known_user_id, person_or_staff
from powerbank.api.fields import Time
from powerbank.api.openapi import Blueprint, ProblemSchema
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.db import transaction, utcnow
from powerbank.outbox import operation_items, operations
from powerbank.outbox.operation_items import ItemResult
from powerbank.outbox.operations import Operation, Status

blueprint = Blueprint("Operations", __name__, url_prefix="/api/operations", description="Accepted work.")


class OperationErrorSchema(Schema):
    class Meta:
        unknown = "include"

    code = fields.String(required=True)
    detail = fields.String(required=True)


class StartedSchema(Schema):
    job_id = fields.UUID(required=True)


class AcceptedSchema(Schema):
    operation_id = fields.UUID(required=True)


class OperationProgressSchema(Schema):
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)


class OperationItemSchema(Schema):
    position = fields.Integer(required=True)
    object_id = fields.String(required=True, metadata={"description": "A station's number, a job's id, …"})
    result = fields.String(required=True, validate=validate.OneOf([*ItemResult]))
    code = fields.String(required=True, allow_none=True, metadata={"description": "Why it was passed over."})
    made_id = fields.UUID(required=True, allow_none=True, metadata={"description": "What was made, as a command."})


class OperationItemArguments(PageArguments):
    result = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*ItemResult]))


class OperationSchema(Schema):
    operation_id = fields.UUID(required=True, attribute="id")
    kind = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([*Status]))
    progress = fields.Nested(OperationProgressSchema, required=True, allow_none=True)
    result = fields.Dict(required=True, allow_none=True)
    error = fields.Nested(OperationErrorSchema, required=True, allow_none=True)
    created_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)
    expires_at = Time(required=True)


@blueprint.get("/<uuid:operation_id>")
@person_or_staff
@blueprint.response(200, OperationSchema)
@blueprint.alt_response(410, schema=ProblemSchema, content_type="application/problem+json", description="Over")
def operation(operation_id: UUID) -> Operation:
    """How it stands, and its result"""
    return _find_own(operation_id)


@blueprint.get("/<uuid:operation_id>/items")
@person_or_staff
@blueprint.arguments(OperationItemArguments, location="query")
@blueprint.response(200, page_of(OperationItemSchema))
def items(arguments: dict[str, Any], operation_id: UUID) -> dict[str, Any]:
    """What an operation on many things is about, with the result of each"""
    return operation_items.list_items(_find_own(operation_id), **arguments)


@blueprint.post("/<uuid:operation_id>/stop")
@person_or_staff
@blueprint.response(200, OperationSchema)
def stop(operation_id: UUID) -> Operation:
    """Stop your operation; what it has done stays done"""
    staff = known_staff()
    with transaction():
        return operation_items.stop_operation(
            operation_id, user_id=known_user_id(), staff_id=staff.id if staff else None, now=utcnow()
        )


def _find_own(operation_id: UUID) -> Operation:
    staff = known_staff()
    return operations.find_operation_of_asker(
        operation_id, user_id=known_user_id(), staff_id=staff.id if staff else None, now=utcnow()
    )


def prefers_async() -> bool:
    """Say whether the client prefers an answer at once, to look for the result later (RFC 7240)."""
    preferred = ",".join(request.headers.getlist("Prefer")).lower()
    return "respond-async" in (each.split(";")[0].strip() for each in preferred.split(","))


def answer_accepted(operation: Operation) -> Response:
    """Answer 202 with the address of an accepted operation."""
    response = jsonify(AcceptedSchema().dump({"operation_id": operation.id}))
    response.status_code = 202
    if prefers_async():
        response.headers["Preference-Applied"] = "respond-async"
    response.headers["Location"] = f"/api/operations/{operation.id}"
    return response
