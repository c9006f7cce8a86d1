"""Staff manage partners, those who belong to them, and their agreements."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.exports import export_csv
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.clock import format_time, local_day
from powerbank.base.db import transaction, utcnow
from powerbank.base.money import format_amount
from powerbank.partners import queries, services
from powerbank.partners.accruals import history
from powerbank.partners.agreements import pdf, preview
from powerbank.partners.agreements import services as agreements
from powerbank.partners.models import Accrual, MemberRole, Partner
from powerbank.partners.schemas import (
    AgreementDraftSchema,
    AgreementPageSchema,
    AgreementSchema,
    EarningsArguments,
    EarningsSchema,
    EndSchema,
    HistoryAcceptedSchema,
    InvitationSchema,
    MemberSchema,
    PartnerArguments,
    PartnerChangeSchema,
    PartnerSchema,
    PartnerWithBalanceSchema,
    TermsPreviewSchema,
    TermsToPreviewSchema,
)

blueprint = Blueprint("Partners (staff)", __name__, url_prefix="/api/admin/partners", description="Venue partners.")

READ, WRITE = "partners.read", "partners.write"
WHAT = ("at", "kind", "part", "agreement", "station", "rental", "month")
AMOUNTS = ("gross", "tax", "share", "withheld", "earned")


@blueprint.route("")
class Partners(MethodView):
    @staff_only(READ)
    @blueprint.arguments(PartnerArguments, location="query")
    @blueprint.response(200, page_of(PartnerSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List, newest first"""
        return queries.partner_page(**arguments)

    @staff_only(WRITE)
    @blueprint.arguments(PartnerSchema)
    @blueprint.response(201, PartnerSchema)
    def post(self, body: dict[str, Any]) -> Partner:
        """Create"""
        with transaction():
            partner = services.create_partner(**body)
            audit.record_by_staff("partners.create", "partners", partner.id, new=_describe_for_audit(partner))
        return partner


@blueprint.route("/<uuid:partner_id>")
class OnePartner(MethodView):
    @staff_only(READ)
    @blueprint.response(200, PartnerWithBalanceSchema)
    def get(self, partner_id: UUID) -> dict[str, Any]:
        """Read, with what is payable"""
        return queries.show_partner_with_balance(queries.find_partner(partner_id))

    @staff_only(WRITE)
    @blueprint.arguments(PartnerChangeSchema(partial=True))
    @blueprint.response(200, PartnerSchema)
    def patch(self, body: dict[str, Any], partner_id: UUID) -> Partner:
        """Change the fields given"""
        with transaction():
            partner = services.lock_partner(partner_id)
            old = _describe_for_audit(partner)
            services.change_partner(partner, body)
            audit.record_by_staff("partners.update", "partners", partner.id, old=old, new=_describe_for_audit(partner))
        return partner


@blueprint.post("/accrue-history")
@staff_only(WRITE)
@idempotent
@blueprint.response(202, HistoryAcceptedSchema)
def accrue_history() -> dict[str, Any]:
    """Accrue what was earned before agreements were entered. The operation shows how far it is"""
    return {"operation_id": history.ask_for_history(staff_id=current_staff().id, now=utcnow()).id}


@blueprint.route("/<uuid:partner_id>/members")
class Members(MethodView):
    @staff_only(READ)
    @blueprint.response(200, MemberSchema(many=True))
    def get(self, partner_id: UUID) -> list[dict[str, Any]]:
        """Those who belong to a partner, and who is invited"""
        return queries.list_members(partner_id)

    @staff_only(WRITE)
    @blueprint.arguments(InvitationSchema)
    @blueprint.response(201, MemberSchema)
    def post(self, body: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
        """Let somebody belong to a partner, now or as soon as they join"""
        with transaction():
            member = services.add_member(
                partner_id,
                address=body.get("phone") or body["email"],
                role=MemberRole(body["role"]),
                by=staff_actor(current_staff().id),
            )
            shown = queries.show_member(member)
            audit.record_by_staff("partners.add_member", "partners", partner_id, new=_member_for_audit(shown))
        return shown


@blueprint.delete("/<uuid:partner_id>/members/<uuid:member_id>")
@staff_only(WRITE)
@blueprint.response(204)
def remove_member(partner_id: UUID, member_id: UUID) -> None:
    """End a membership at once"""
    with transaction():
        member = services.remove_member(partner_id, member_id, keep_an_owner=False)
        shown = _member_for_audit(queries.show_member(member))
        audit.record_by_staff("partners.remove_member", "partners", partner_id, old=shown)


@blueprint.route("/<uuid:partner_id>/agreements")
class Agreements(MethodView):
    @staff_only(READ)
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, AgreementPageSchema)
    def get(self, arguments: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
        """Agreements in which the partner has a part, newest first"""
        return queries.agreement_page(partner_id, **arguments)

    @staff_only(WRITE)
    @blueprint.arguments(AgreementDraftSchema)
    @blueprint.response(201, AgreementSchema)
    def post(self, body: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
        """Make an agreement. It is never edited, only ended"""
        with transaction():
            agreement = agreements.make_agreement(partner_id, **body, by=staff_actor(current_staff().id))
            [shown] = queries.show_agreements([agreement])
            audit.record_by_staff("partners.make_agreement", "partners", partner_id, new=AgreementSchema().dump(shown))
        return shown


@blueprint.post("/<uuid:partner_id>/agreements/preview")
@staff_only(READ)
@blueprint.arguments(TermsToPreviewSchema)
@blueprint.response(200, TermsPreviewSchema)
def preview_agreement(body: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
    """What such terms would have paid for a month that is over"""
    queries.find_partner(partner_id)
    return preview.preview_terms(**body, today=local_day(utcnow()))


@blueprint.post("/<uuid:partner_id>/agreements/<uuid:agreement_id>/end")
@staff_only(WRITE)
@blueprint.arguments(EndSchema)
@blueprint.response(200, AgreementSchema)
def end_agreement(body: dict[str, Any], partner_id: UUID, agreement_id: UUID) -> dict[str, Any]:
    """End an agreement with a day that has not passed"""
    with transaction():
        agreement = agreements.end_agreement(partner_id, agreement_id, ends_on=body["ends_on"], now=utcnow())
        [shown] = queries.show_agreements([agreement])
        audit.record_by_staff("partners.end_agreement", "partners", partner_id, new=AgreementSchema().dump(shown))
    return shown


@blueprint.get("/<uuid:partner_id>/agreements/<uuid:agreement_id>/terms.pdf")
@staff_only(READ)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def agreement_terms(partner_id: UUID, agreement_id: UUID) -> Response:
    """The terms of an agreement as a paper to sign"""
    agreement = agreements.find_agreement(partner_id, agreement_id)
    return pdf.answer_pdf(agreement, *agreements.find_parties(agreement))


@blueprint.get("/<uuid:partner_id>/earnings")
@staff_only(READ)
@blueprint.arguments(EarningsArguments, location="query")
@blueprint.response(200, EarningsSchema)
def earnings(arguments: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
    """What a partner earned, as accrued"""
    return queries.earnings(queries.find_partner(partner_id).id, **arguments, today=local_day(utcnow()))


@blueprint.get("/<uuid:partner_id>/accruals.csv")
@staff_only(READ)
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_accruals(partner_id: UUID) -> Response:
    """Every accrual of a partner as CSV, oldest first"""

    def rows(accrual: Accrual) -> Iterator[tuple[object, ...]]:
        what = (accrual.kind, accrual.part, accrual.agreement_id, accrual.station_id, accrual.rental_id, accrual.month)
        amounts = (accrual.gross, accrual.vat, accrual.share, accrual.withheld, accrual.amount)
        yield format_time(accrual.at), *what, *map(format_amount, amounts)

    query = queries.select_accruals(partner_id)
    return export_csv("accruals", (*WHAT, *AMOUNTS), query, Accrual.id, rows, of=("partners", partner_id))


def _describe_for_audit(partner: Partner) -> dict[str, Any]:
    return dict(PartnerSchema().dump(partner))


def _member_for_audit(shown: dict[str, Any]) -> dict[str, Any]:
    return dict(MemberSchema().dump(shown))
