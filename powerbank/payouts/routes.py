"""A partner's own payouts and statements, and the account that it wants to be paid to."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction
from powerbank.partners.memberships import find_own_partner, find_owned_partner
from powerbank.partners.schemas import OwnPageArguments, PartnerChoiceSchema
from powerbank.payouts import queries
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.schemas import (
    AccountRequestSchema,
    OwnAccountsSchema,
    OwnPayoutPageSchema,
    OwnPayoutWithLinesSchema,
    PayoutAccountSchema,
)
from powerbank.payouts.statements import documents, pdf
from powerbank.payouts.statements import services as statements
from powerbank.payouts.states import AccountKind, PayeeKind

blueprint = Blueprint("Payouts", __name__, url_prefix="/api/partner", description="What a venue's people are paid.")


@blueprint.get("/payouts")
@user_only
@blueprint.arguments(OwnPageArguments, location="query")
@blueprint.response(200, OwnPayoutPageSchema)
def payouts(arguments: dict[str, Any]) -> dict[str, Any]:
    """Their payouts, newest first"""
    partner = find_own_partner(current_user_id(), arguments.pop("partner_id"))
    return queries.payout_page(payee_kind=PayeeKind.PARTNER, payee_id=partner.id, **arguments)


@blueprint.get("/payouts/<uuid:payout_id>")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, OwnPayoutWithLinesSchema)
def payout(arguments: dict[str, Any], payout_id: UUID) -> dict[str, Any]:
    """A payout of theirs, with its first lines"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="payout")
    return queries.show_payout_with_lines(queries.find_payout_of(payout_id, PayeeKind.PARTNER, partner.id))


@blueprint.get("/payouts/<uuid:payout_id>/statement.json")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, {"type": "object"})
def statement_json(arguments: dict[str, Any], payout_id: UUID) -> Response:
    """The statement of a payout of theirs, as it was written"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="payout")
    found = queries.find_payout_of(payout_id, PayeeKind.PARTNER, partner.id)
    return documents.answer_json(statements.find_statement_of_payout(found.id))


@blueprint.get("/payouts/<uuid:payout_id>/statement.csv")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def statement_csv(arguments: dict[str, Any], payout_id: UUID) -> Response:
    """The same as CSV"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="payout")
    found = queries.find_payout_of(payout_id, PayeeKind.PARTNER, partner.id)
    return documents.answer_csv(statements.find_statement_of_payout(found.id))


@blueprint.get("/payouts/<uuid:payout_id>/statement.pdf")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def statement_pdf(arguments: dict[str, Any], payout_id: UUID) -> Response:
    """The same as PDF"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="payout")
    found = queries.find_payout_of(payout_id, PayeeKind.PARTNER, partner.id)
    return pdf.answer_pdf(statements.find_statement_of_payout(found.id))


@blueprint.get("/payout-account")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, OwnAccountsSchema)
def payout_accounts(arguments: dict[str, Any]) -> dict[str, Any]:
    """Where they are, were or want to be paid, newest first"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"])
    found = accounts.list_accounts(PayeeKind.PARTNER, partner.id)
    return {"items": [queries.show_account(each) for each in found]}


@blueprint.post("/payout-account")
@user_only
@blueprint.arguments(AccountRequestSchema)
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(201, PayoutAccountSchema)
def request_account(body: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Ask to be paid to another account; owners may. Staff confirm it, and it cools off"""
    partner = find_owned_partner(current_user_id(), arguments["partner_id"])
    kind, by = AccountKind(body.pop("kind")), f"user:{current_user_id()}"
    with transaction():
        return queries.show_account(accounts.request_account(PayeeKind.PARTNER, partner.id, kind=kind, **body, by=by))
