"""The partner's pages of papers and people: statements, agreements, members, and the account that it is paid to."""

from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.api.paging import find_page
from powerbank.auth.pages.session import page_user_id, person_blueprint
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.partners import queries, services
from powerbank.partners.agreements import pdf as agreement_pdf
from powerbank.partners.agreements import services as agreements
from powerbank.partners.models import MemberRole
from powerbank.partners.schemas import InvitationSchema
from powerbank.payouts import queries as payouts
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.pages.session import own_partner, owned_partner, show
from powerbank.payouts.schemas import AccountRequestSchema
from powerbank.payouts.statements import documents, pdf
from powerbank.payouts.states import AccountKind, PayeeKind

blueprint = person_blueprint("partner_office", __name__, url_prefix="/partner")

SHOWN = 30


@blueprint.get("/statements")
def statements() -> str:
    partner = own_partner()
    found = find_page(
        lambda cursor: payouts.statement_page(PayeeKind.PARTNER, partner.id, limit=SHOWN, cursor=cursor),
        request.args.get("cursor") or None,
    )
    paid = payouts.list_payouts(payee_kind=PayeeKind.PARTNER, payee_id=partner.id, limit=SHOWN, cursor=None)
    agreed = queries.agreement_page(partner.id, limit=SHOWN, cursor=None)
    return show(
        "statements.html",
        statements=found["items"],
        next_cursor=found["next_cursor"],
        payouts=paid["items"],
        agreements=agreed["items"],
    )


@blueprint.get("/statements/<uuid:statement_id>.<any(pdf, csv, json):form>")
def statement(statement_id: UUID, form: str) -> Response:
    found = payouts.find_statement_of(statement_id, PayeeKind.PARTNER, own_partner().id)
    return {"pdf": pdf.answer_pdf, "csv": documents.answer_csv, "json": documents.answer_json}[form](found)


@blueprint.get("/agreements/<uuid:agreement_id>/terms.pdf")
def agreement(agreement_id: UUID) -> Response:
    found = agreements.find_agreement(own_partner().id, agreement_id)
    return agreement_pdf.answer_pdf(found, *agreements.find_parties(found))


@blueprint.get("/members")
def members() -> str:
    return show("members.html", members=queries.list_members(own_partner().id), roles=[*MemberRole])


@blueprint.post("/members")
@refusals_lead_to("partner_office.members")
@idempotent_form
def invite() -> AnyResponse:
    partner = owned_partner()
    address = request.form.get("address", "").strip()
    body = load_form(InvitationSchema, **{"email" if "@" in address else "phone": address})
    services.add_member(
        partner.id,
        address=body.get("phone") or body["email"],
        role=MemberRole(body["role"]),
        by=f"user:{page_user_id()}",
    )
    flash(translate("Invited. Whoever signs in with this number or address sees these pages."))
    return redirect(url_for("partner_office.members"))


@blueprint.post("/members/<uuid:member_id>/remove")
@refusals_lead_to("partner_office.members")
@idempotent_form
def remove(member_id: UUID) -> AnyResponse:
    services.remove_member(owned_partner().id, member_id, keep_an_owner=True)
    flash(translate("The membership has ended."))
    return redirect(url_for("partner_office.members"))


@blueprint.get("/account")
def account() -> str:
    found = accounts.list_accounts(PayeeKind.PARTNER, own_partner().id)
    return show(
        "account.html",
        accounts=[payouts.show_account(each) for each in found],
        kinds=[AccountKind.BANK, AccountKind.KHALTI],
    )


@blueprint.post("/account")
@refusals_lead_to("partner_office.account")
@idempotent_form
def request_account() -> AnyResponse:
    partner = owned_partner()
    body = load_form(AccountRequestSchema)
    kind, by = AccountKind(body.pop("kind")), f"user:{page_user_id()}"
    accounts.request_account(PayeeKind.PARTNER, partner.id, kind=kind, **body, by=by)
    flash(translate("Asked for. We check it, and all owners are told."))
    return redirect(url_for("partner_office.account"))
