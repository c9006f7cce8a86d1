"""Statements of payouts and months, for the payee's own people and for staff."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api.auth import current_user_id, staff_only, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments
from powerbank.partners.memberships import find_own_partner
from powerbank.partners.schemas import OwnPageArguments, PartnerChoiceSchema
from powerbank.payouts import queries
from powerbank.payouts.schemas import PayoutStatementPageSchema
from powerbank.payouts.statements import documents, pdf
from powerbank.payouts.states import PayeeKind

blueprint = Blueprint("Statements", __name__, url_prefix="/api", description="What was earned and paid, frozen.")

READ = "payouts.read"


@blueprint.get("/partner/statements")
@user_only
@blueprint.arguments(OwnPageArguments, location="query")
@blueprint.response(200, PayoutStatementPageSchema)
def own_statements(arguments: dict[str, Any]) -> dict[str, Any]:
    """Their statements, newest first: one for each payout, and one for each month"""
    partner = find_own_partner(current_user_id(), arguments.pop("partner_id"))
    return queries.statement_page(PayeeKind.PARTNER, partner.id, **arguments)


@blueprint.get("/partner/statements/<uuid:statement_id>.json")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, {"type": "object"})
def own_statement_json(arguments: dict[str, Any], statement_id: UUID) -> Response:
    """A statement of theirs with its lines"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="statement")
    return documents.answer_json(queries.find_statement_of(statement_id, PayeeKind.PARTNER, partner.id))


@blueprint.get("/partner/statements/<uuid:statement_id>.csv")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def own_statement_csv(arguments: dict[str, Any], statement_id: UUID) -> Response:
    """The same as CSV"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="statement")
    return documents.answer_csv(queries.find_statement_of(statement_id, PayeeKind.PARTNER, partner.id))


@blueprint.get("/partner/statements/<uuid:statement_id>.pdf")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def own_statement_pdf(arguments: dict[str, Any], statement_id: UUID) -> Response:
    """The same as PDF"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="statement")
    return pdf.answer_pdf(queries.find_statement_of(statement_id, PayeeKind.PARTNER, partner.id))


@blueprint.get("/admin/partners/<uuid:partner_id>/statements")
@staff_only(READ)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, PayoutStatementPageSchema)
def statements(arguments: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
    """The statements of a partner, newest first"""
    return queries.statement_page(PayeeKind.PARTNER, partner_id, **arguments)


@blueprint.get("/admin/partners/<uuid:partner_id>/statements/<uuid:statement_id>.json")
@staff_only(READ)
@blueprint.response(200, {"type": "object"})
def statement_json(partner_id: UUID, statement_id: UUID) -> Response:
    """A statement with its lines"""
    return documents.answer_json(queries.find_statement_of(statement_id, PayeeKind.PARTNER, partner_id))


@blueprint.get("/admin/partners/<uuid:partner_id>/statements/<uuid:statement_id>.csv")
@staff_only(READ)
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def statement_csv(partner_id: UUID, statement_id: UUID) -> Response:
    """The same as CSV"""
    return documents.answer_csv(queries.find_statement_of(statement_id, PayeeKind.PARTNER, partner_id))


@blueprint.get("/admin/partners/<uuid:partner_id>/statements/<uuid:statement_id>.pdf")
@staff_only(READ)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def statement_pdf(partner_id: UUID, statement_id: UUID) -> Response:
    """The same as PDF"""
    return pdf.answer_pdf(queries.find_statement_of(statement_id, PayeeKind.PARTNER, partner_id))
