"""Serve staff grants of points to many people."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.exports import export_csv
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.clock import format_time
from powerbank.base.db import utcnow
from powerbank.ledger.adjustments.allowances import PERMISSIONS, SECOND_PERSON
from powerbank.ledger.adjustments.models import Act
from powerbank.ledger.models import Entry
from powerbank.points import grants, queries
from powerbank.points.models import Grant
from powerbank.points.schemas import AskGrantSchema, GrantArguments, GrantSchema

blueprint = Blueprint("Points (staff)", __name__, url_prefix="/api/admin/points", description="Points for many.")


@blueprint.post("/bulk-awards")
@staff_only(PERMISSIONS[Act.POINTS_GRANT])
@idempotent
@blueprint.arguments(AskGrantSchema)
@blueprint.response(202, GrantSchema)
def ask(body: dict[str, Any]) -> Grant:
    """Give points to many; above the limits of the role it waits for a second person"""
    target = body["target"] or {"city": None, "kyc_verified": None}
    return grants.ask_for_grant(
        points=body["points"],
        reason=body["reason"],
        recipients=body["user_ids"],
        city=target["city"],
        kyc_verified=target["kyc_verified"],
        staff=current_staff(),
        now=utcnow(),
    )


@blueprint.get("/bulk-awards")
@staff_only("ledger.read")
@blueprint.arguments(GrantArguments, location="query")
@blueprint.response(200, page_of(GrantSchema))
def list_grants(arguments: dict[str, Any]) -> dict[str, Any]:
    """What was given to many, newest first"""
    return queries.grant_page(**arguments)


@blueprint.get("/bulk-awards/<uuid:grant_id>")
@staff_only("ledger.read")
@blueprint.response(200, GrantSchema)
def one_grant(grant_id: UUID) -> Grant:
    """How far it is"""
    return queries.find_grant(grant_id)


@blueprint.get("/bulk-awards/<uuid:grant_id>/awards.csv")
@staff_only("ledger.read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_awards(grant_id: UUID) -> Response:
    """Who has got them so far, as CSV"""
    grant = queries.find_grant(grant_id)
    points = grant.points
    return export_csv(
        "awards",
        ("user", "points", "at", "entry"),
        queries.select_awards(grant),
        Entry.id,
        lambda entry: [(entry.key.rpartition(":")[2], points, format_time(entry.created_at), entry.id)],
        of=("points_grant", grant_id),
    )


@blueprint.post("/bulk-awards/<uuid:grant_id>/approve")
@staff_only(SECOND_PERSON)
@idempotent
@blueprint.response(200, GrantSchema)
def approve(grant_id: UUID) -> Grant:
    """Begin what somebody else asked for"""
    return grants.decide_grant(grant_id, approve=True, staff=current_staff(), now=utcnow())


@blueprint.post("/bulk-awards/<uuid:grant_id>/reject")
@staff_only(SECOND_PERSON)
@idempotent
@blueprint.response(200, GrantSchema)
def reject(grant_id: UUID) -> Grant:
    """Refuse what somebody else asked for"""
    return grants.decide_grant(grant_id, approve=False, staff=current_staff(), now=utcnow())
