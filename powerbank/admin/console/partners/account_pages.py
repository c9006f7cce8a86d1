"""The console's pages of payout accounts: those that wait for a second person, and what is decided of one."""

from uuid import UUID

from flask import Response, flash, redirect, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.columns import member
from powerbank.admin.console.sections import PARTNERS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payouts import queries
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.schemas import AccountRequestSchema, NeededReasonSchema, ReasonSchema
from powerbank.payouts.states import AccountKind, PayeeKind

blueprint = console_blueprint("console_payout_accounts", __name__, url_prefix="/console")

PAGE = "console_partners.one"

WAITING = ListPage(
    "Payout accounts",
    PARTNERS,
    columns=(
        lists.words("Payee", "payee"),
        lists.name("Kind", "kind"),
        lists.words("Bank", "bank_code"),
        lists.code("Number", "account_number"),
        lists.words("In the name of", "account_name"),
        lists.number("Agreement of name and number", "score"),
        lists.words("The provider said", "check_note", "long"),
        member("Asked by", "requested_by"),
        lists.moment("Asked", "created_at"),
    ),
    empty=(
        "No account waits.",
        "What a payee wants to be paid to stands here until a second person agrees.",
    ),
    api="",
    opens=lambda row: f"/console/partners/{row['payee_id']}" if row["payee_kind"] == PayeeKind.PARTNER else None,
    file="payout-accounts",
)


@blueprint.get("/payout-accounts")
def waiting() -> str | Response:
    return show_list(WAITING, queries.list_requested_accounts, PageArguments, staff=page_staff("payouts.read"))


@blueprint.post("/partners/<uuid:partner_id>/accounts")
@refusals_lead_to(PAGE)
@idempotent_form
def request_account(partner_id: UUID) -> AnyResponse:
    staff = page_staff("payouts.write")
    body = load_form(AccountRequestSchema)
    kind = AccountKind(body.pop("kind"))
    accounts.request_account(PayeeKind.PARTNER, partner_id, kind=kind, **body, by=staff_actor(staff.id))
    flash(translate("It is asked for. The provider checks it, and a second person confirms it."))
    return redirect(url_for(PAGE, partner_id=partner_id, _anchor="accounts"))


@blueprint.post("/partners/<uuid:partner_id>/accounts/<uuid:account_id>/confirm")
@refusals_lead_to(PAGE)
@idempotent_form
def confirm(partner_id: UUID, account_id: UUID) -> AnyResponse:
    staff = page_staff("payouts.approve")
    reason = load_form(ReasonSchema)["reason"]
    accounts.confirm_account(PayeeKind.PARTNER, partner_id, account_id, staff=staff, reason=reason, now=utcnow())
    flash(translate("It is confirmed, and is paid to after it has cooled off."))
    return redirect(url_for(PAGE, partner_id=partner_id, _anchor="accounts"))


@blueprint.post("/partners/<uuid:partner_id>/accounts/<uuid:account_id>/reject")
@refusals_lead_to(PAGE)
@idempotent_form
def reject(partner_id: UUID, account_id: UUID) -> AnyResponse:
    staff = page_staff("payouts.approve")
    reason = load_form(NeededReasonSchema)["reason"]
    accounts.reject_account(PayeeKind.PARTNER, partner_id, account_id, staff=staff, reason=reason, now=utcnow())
    flash(translate("It is rejected."))
    return redirect(url_for(PAGE, partner_id=partner_id, _anchor="accounts"))
