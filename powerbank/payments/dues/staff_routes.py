"""Serve staff the dues of people, and take waivers."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import utcnow
from powerbank.ledger import queries
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.adjustments.allowances import PERMISSIONS
from powerbank.ledger.adjustments.models import Act, StaffAct
from powerbank.ledger.adjustments.schemas import StaffActSchema, answer_with_waiting_act
from powerbank.payments.dues.schemas import StaffDueArguments, StaffDueSchema, WaiveSchema

blueprint = Blueprint("Dues (staff)", __name__, url_prefix="/api/admin/dues", description="What people owe.")


@blueprint.get("")
@staff_only("payments.read")
@blueprint.arguments(StaffDueArguments, location="query")
@blueprint.response(200, page_of(StaffDueSchema))
def find(arguments: dict[str, Any]) -> dict[str, Any]:
    """Dues, newest first"""
    return queries.due_page(**arguments)


@blueprint.post("/<uuid:due_id>/waive")
@staff_only(PERMISSIONS[Act.DUE_WAIVER])
@idempotent
@blueprint.arguments(WaiveSchema)
@blueprint.response(200, StaffDueSchema)
@blueprint.alt_response(202, schema=StaffActSchema, description="A second person must approve.")
def waive(body: dict[str, Any], due_id: UUID) -> Any:
    """Let a person off, in part or whole; beyond what one person may do alone it waits for a second"""
    done = adjustments.ask_to_waive_due(
        due_id, amount=body["amount"], reason=body["reason"], staff=current_staff(), now=utcnow()
    )
    return answer_with_waiting_act(done) if isinstance(done, StaffAct) else queries.add_grace_period(done)
