"""Staff: what waits for a second person."""

from typing import Any
from uuid import UUID

from powerbank.admin import approvals
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.db import utcnow
from powerbank.ledger.adjustments.allowances import SECOND_PERSON
from powerbank.ledger.adjustments.models import ActStatus, StaffAct
from powerbank.ledger.adjustments.schemas import StaffActArguments, StaffActSchema

blueprint = Blueprint(
    "Approvals (staff)", __name__, url_prefix="/api/admin/approvals", description="What one person may not do alone."
)


@blueprint.get("")
@staff_only("ledger.read")
@blueprint.arguments(StaffActArguments, location="query")
@blueprint.response(200, page_of(StaffActSchema))
def find(arguments: dict[str, Any]) -> dict[str, Any]:
    """What staff gave and took, newest first; `status=waiting` shows what is to be decided"""
    return approvals.act_page(**arguments)


@blueprint.post("/<uuid:act_id>/approve")
@staff_only(SECOND_PERSON)
@idempotent
@blueprint.response(200, StaffActSchema)
def approve(act_id: UUID) -> StaffAct:
    """Do what somebody else asked for"""
    return _decide(act_id, approve=True)


@blueprint.post("/<uuid:act_id>/reject")
@staff_only(SECOND_PERSON)
@idempotent
@blueprint.response(200, StaffActSchema)
def reject(act_id: UUID) -> StaffAct:
    """Refuse what somebody else asked for"""
    return _decide(act_id, approve=False)


def _decide(act_id: UUID, *, approve: bool) -> StaffAct:
    act = approvals.decide(act_id, approve=approve, staff=current_staff(), now=utcnow())
    verb = "approve" if approve else "reject"
    told = dict(StaffActSchema().dump(act))
    audit.by_staff(f"{act.act}.{verb}", act.about_kind, act.about_id, old={"status": ActStatus.WAITING.value}, new=told)
    return act
