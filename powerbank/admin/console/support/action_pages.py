"""What staff do for a person without leaving the conversation. Each act has the permission that it has elsewhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.support import acts
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.clock import HOME
from powerbank.base.db import utcnow
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.pages.forms import idempotent_form, read_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.payments.dues.schemas import WaiveSchema
from powerbank.rentals.staff.schemas import RentalResolutionSchema
from powerbank.support.staff import codes
from powerbank.support.staff.schemas import ActReasonSchema

blueprint = console_blueprint("console_support_acts", __name__, url_prefix="/console/support/<uuid:conversation_id>")

PAGE = "console_support.one"


@blueprint.post("/rentals/<uuid:rental_id>/resolve")
@refusals_lead_to(PAGE)
@idempotent_form
def resolve(conversation_id: UUID, rental_id: UUID) -> AnyResponse:
    staff = page_staff("rentals.resolve")
    asked = read_form(RentalResolutionSchema, at=_with_zone)
    return _after(acts.decide_rental(conversation_id, rental_id, staff=staff, now=utcnow(), **asked), conversation_id)


@blueprint.post("/rentals/<uuid:rental_id>/open-slot")
@refusals_lead_to(PAGE)
@idempotent_form
def open_slot(conversation_id: UUID, rental_id: UUID) -> AnyResponse:
    staff = page_staff("stations.operate")
    acts.open_slot(conversation_id, rental_id, staff=staff, now=utcnow(), **read_form(ActReasonSchema))
    return _after(None, conversation_id)


@blueprint.post("/dues/<uuid:due_id>/waive")
@refusals_lead_to(PAGE)
@idempotent_form
def waive(conversation_id: UUID, due_id: UUID) -> AnyResponse:
    staff = page_staff("ledger.adjust")
    done = acts.waive_due(conversation_id, due_id, staff=staff, now=utcnow(), **read_form(WaiveSchema))
    return _after(done, conversation_id)


@blueprint.post("/deliveries/<uuid:delivery_id>/resend")
@refusals_lead_to(PAGE)
@idempotent_form
def resend(conversation_id: UUID, delivery_id: UUID) -> AnyResponse:
    staff = page_staff("users.write")
    acts.resend_message(conversation_id, delivery_id, staff=staff, now=utcnow())
    return _after(None, conversation_id)


@blueprint.post("/resend-code")
@refusals_lead_to(PAGE)
@idempotent_form
def resend_code(conversation_id: UUID) -> AnyResponse:
    staff = page_staff(codes.RESENDS_CODES)
    codes.resend_code_of_person(conversation_id, staff=staff, now=utcnow())
    return _after(None, conversation_id)


def _after(done: Any, conversation_id: UUID) -> AnyResponse:
    if isinstance(done, StaffAct):
        flash(translate("Beyond what you may do alone: a second person has to approve it."), "warn")
    else:
        flash(translate("Done."))
    return redirect(url_for(PAGE, conversation_id=conversation_id, _anchor="newest"))


def _with_zone(written: str) -> str:
    """Read a moment as a field of a form gives it: in the time of the network's home."""
    return datetime.fromisoformat(written).replace(tzinfo=HOME).isoformat()
