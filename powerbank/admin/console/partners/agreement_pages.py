"""The console's pages of agreements: what terms would have paid, making one, and ending it."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug import Response as AnyResponse

from powerbank.admin.console.partners import services as view
from powerbank.admin.console.sections import PARTNERS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.base.errors import AppError
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate, translate_refusal
from powerbank.pages.schema_forms import flatten_errors
from powerbank.partners import queries
from powerbank.partners.agreements import pdf, preview
from powerbank.partners.agreements import services as agreements
from powerbank.partners.agreements.terms import TermsKind
from powerbank.partners.schemas import AgreementDraftSchema, AgreementSchema, EndSchema, TermsToPreviewSchema

blueprint = console_blueprint("console_agreements", __name__, url_prefix="/console/partners")

WRITE = "partners.write"


@blueprint.get("/<uuid:partner_id>/agreements/new")
def new(partner_id: UUID) -> str:
    return _show(page_staff(WRITE), partner_id)


@blueprint.post("/<uuid:partner_id>/agreements/new")
@refusals_lead_to("console_agreements.new")
@idempotent_form
def make(partner_id: UUID) -> AnyResponse | str:
    """Make an agreement, or say first what its terms would have paid for the last month."""
    staff = page_staff(WRITE)
    given = {
        "station_sns": view.read_station_numbers(request.form.get("stations", "")),
        "terms": view.read_terms(request.form),
    }
    previewed = request.form.get("act") == "preview"
    if not previewed:
        given |= {name: request.form[name] for name in ("starts_on", "ends_on") if request.form.get(name)}
    try:
        body: dict[str, Any] = (TermsToPreviewSchema() if previewed else AgreementDraftSchema()).load(given)
        if previewed:
            paid = preview.preview_terms(**body, today=local_day(utcnow()))
            return _show(staff, partner_id, previewed=paid)
        agreement = agreements.make_agreement(partner_id, **body, by=staff_actor(staff.id))
    except ValidationError as wrong:
        return _show(staff, partner_id, errors=flatten_errors(wrong.messages_dict))
    except AppError as refused:
        return _show(staff, partner_id, errors={"": translate_refusal(refused.detail)} | _told(refused))
    [shown] = queries.show_agreements([agreement])
    audit.record_by_staff("partners.make_agreement", "partners", partner_id, new=dict(AgreementSchema().dump(shown)))
    flash(translate("The agreement is made. It is never edited, only ended."))
    return redirect(url_for("console_partners.one", partner_id=partner_id, _anchor="agreements"))


@blueprint.get("/<uuid:partner_id>/agreements/<uuid:agreement_id>/terms.pdf")
def paper(partner_id: UUID, agreement_id: UUID) -> Response:
    page_staff("partners.read")
    agreement = agreements.find_agreement(partner_id, agreement_id)
    return pdf.answer_pdf(agreement, *agreements.find_parties(agreement))


@blueprint.post("/<uuid:partner_id>/agreements/<uuid:agreement_id>/end")
@refusals_lead_to("console_partners.one")
@idempotent_form
def end(partner_id: UUID, agreement_id: UUID) -> AnyResponse:
    page_staff(WRITE)
    ends_on = load_form(EndSchema)["ends_on"]
    agreement = agreements.end_agreement(partner_id, agreement_id, ends_on=ends_on, now=utcnow())
    [shown] = queries.show_agreements([agreement])
    audit.record_by_staff("partners.end_agreement", "partners", partner_id, new=dict(AgreementSchema().dump(shown)))
    flash(translate("The agreement ends on this day."))
    return redirect(url_for("console_partners.one", partner_id=partner_id, _anchor="agreements"))


def _told(refused: AppError) -> dict[str, str]:
    errors = refused.data.get("errors")
    return flatten_errors(errors) if isinstance(errors, dict) else {}


def _show(staff: Any, partner_id: UUID, **more: Any) -> str:
    partner = queries.find_partner(partner_id)
    return render_template(
        "console/partners/agreement.html",
        staff=staff,
        section=PARTNERS,
        partner=partner,
        kinds=[*TermsKind],
        tiers=range(view.MOST_TIERS),
        today=local_day(utcnow()),
        given=request.form,
        **({"errors": {}, "previewed": None} | more),
    )
