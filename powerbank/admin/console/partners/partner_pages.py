"""The console's pages of partners: who they are, who belongs to them, what they earn, and where they are paid."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.partners import services as view
from powerbank.admin.console.partners import tones
from powerbank.admin.console.sections import PARTNERS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.partners import queries, services
from powerbank.partners.accruals import history
from powerbank.partners.models import MemberRole, PartnerKind
from powerbank.partners.plots import plot_earnings
from powerbank.partners.schemas import (
    InvitationSchema,
    MemberSchema,
    PartnerArguments,
    PartnerChangeSchema,
    PartnerSchema,
)
from powerbank.payouts import queries as payouts
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.statements import documents, pdf
from powerbank.payouts.states import AccountKind, PayeeKind

blueprint = console_blueprint("console_partners", __name__, url_prefix="/console/partners")

READ, WRITE = "partners.read", "partners.write"
PAGE = "console_partners.one"
SHOWN = 6  # the newest payouts and statements
AGREEMENTS_SHOWN = 30
DAYS_PLOTTED = 60
CONTACT = ("name", "phone", "email", "address")

LISTED = ListPage(
    "Partners",
    PARTNERS,
    columns=(
        lists.words("Name", "name"),
        lists.name("Kind", "kind"),
        lists.words("PAN", "pan"),
        lists.badge("State", lambda row: "active" if row.active else "switched off", {"active": "good"}),
        lists.words("E-mail", lambda row: row.contact.get("email")),
        lists.moment("Since", "created_at"),
    ),
    filters=(
        lists.text_field("Name", "q", "Its beginning."),
        lists.choice("Kind", "kind", [*PartnerKind]),
        lists.options("State", "active", (("true", "active"), ("false", "switched off"))),
    ),
    empty=("No partners.", "A partner hosts stations and earns a share of what they take."),
    api="/api/admin/partners",
    opens=lambda row: f"/console/partners/{row.id}",
    template="console/partners/list.html",
    file="partners",
)

ACCRUALS = ListPage(
    "Accruals",
    PARTNERS,
    columns=(
        lists.moment("When", "at"),
        lists.name("What", "kind"),
        lists.link("Station", "station_sn", lambda row: f"/console/stations/{row['station_sn']}"),
        lists.link("Rental", "rental_id", lambda row: f"/console/rentals/{row['rental_id']}"),
        lists.words("Month", "month"),
        lists.amount("Gross", "gross"),
        lists.amount("Tax", "vat"),
        lists.amount("Share", "share"),
        lists.amount("Withheld tax", "withheld"),
        lists.amount("Amount", "amount"),
    ),
    empty=("No accruals.", "Each fee and each refund of a rental at a station of the partner stands here."),
    api="/api/admin/partners",
    template="console/partners/accruals.html",
    file="accruals",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(LISTED, queries.partner_page, PartnerArguments, staff=page_staff(READ))


@blueprint.get("/new")
def new() -> str:
    staff = page_staff(WRITE)
    return render_template(
        "console/partners/new.html",
        staff=staff,
        section=PARTNERS,
        franchises=queries.list_franchises(),
        kinds=[*PartnerKind],
    )


@blueprint.post("/new")
@refusals_lead_to("console_partners.new")
@idempotent_form
def create() -> AnyResponse:
    page_staff(WRITE)
    partner = services.create_partner(**load_form(PartnerSchema, contact=_contact()))
    audit.record_by_staff("partners.create", "partners", partner.id, new=dict(PartnerSchema().dump(partner)))
    flash(translate("It is made."))
    return redirect(url_for(PAGE, partner_id=partner.id))


@blueprint.post("/accrue-history")
@refusals_lead_to("console_partners.listing")
@idempotent_form
def accrue_history() -> AnyResponse:
    staff = page_staff(WRITE)
    operation = history.ask_for_history(staff_id=staff.id, now=utcnow())
    return redirect(url_for("console_operations.show", operation_id=operation.id))


@blueprint.get("/<uuid:partner_id>")
def one(partner_id: UUID) -> str:
    staff = page_staff(READ)
    partner = queries.find_partner(partner_id)
    newest: dict[str, Any] = {"limit": SHOWN, "cursor": None}
    today = local_day(utcnow())
    agreed = queries.agreement_page(partner_id, limit=AGREEMENTS_SHOWN, cursor=None)
    reads_money = staff.may("payouts.read")
    return render_template(
        "console/partners/one.html",
        staff=staff,
        section=PARTNERS,
        tones=tones,
        partner=partner,
        parent=queries.find_partner(partner.parent_id) if partner.parent_id else None,
        shown=queries.show_partner_with_balance(partner),
        franchises=queries.list_franchises(),
        members=queries.list_members(partner_id),
        roles=[*MemberRole],
        agreements=agreed["items"],
        picture=view.draw_agreements(agreed["items"], today=today),
        today=today,
        earnings=queries.earnings(partner_id, from_=today.replace(day=1), to=today, group="station", today=today),
        accounts=[payouts.show_account(each) for each in accounts.list_accounts(PayeeKind.PARTNER, partner_id)]
        if reads_money
        else [],
        account_kinds=[*AccountKind],
        payouts=payouts.list_payouts(payee_kind=PayeeKind.PARTNER, payee_id=partner_id, **newest)["items"]
        if reads_money
        else [],
        statements=payouts.statement_page(PayeeKind.PARTNER, partner_id, **newest)["items"] if reads_money else [],
        may_write=staff.may(WRITE),
        may_ask=staff.may("payouts.write"),
        may_decide=staff.may("payouts.approve"),
        me=staff_actor(staff.id),
    )


@blueprint.get("/<uuid:partner_id>/earnings.json")
def plot(partner_id: UUID) -> Response:
    page_staff(READ)
    today = local_day(utcnow())
    first = today - timedelta(days=DAYS_PLOTTED - 1)
    found = queries.earnings(queries.find_partner(partner_id).id, from_=first, to=today, group="day", today=today)
    labels = {"gross": translate("Gross"), "share": translate("Share")}
    return jsonify(plot_earnings(found, labels))


@blueprint.get("/<uuid:partner_id>/accruals")
def accruals(partner_id: UUID) -> str | Response:
    staff = page_staff(READ)
    partner = queries.find_partner(partner_id)
    page = replace(ACCRUALS, api=f"/api/admin/partners/{partner_id}/accruals.csv")
    read = partial(queries.accrual_page, partner_id)
    return show_list(page, read, PageArguments, staff=staff, of=("partners", str(partner_id)), partner=partner)


@blueprint.get("/<uuid:partner_id>/statements/<uuid:statement_id>.<any(pdf, csv, json):form>")
def statement(partner_id: UUID, statement_id: UUID, form: str) -> Response:
    page_staff("payouts.read")
    found = payouts.find_statement_of(statement_id, PayeeKind.PARTNER, partner_id)
    return {"pdf": pdf.answer_pdf, "csv": documents.answer_csv, "json": documents.answer_json}[form](found)


@blueprint.post("/<uuid:partner_id>")
@refusals_lead_to(PAGE)
@idempotent_form
def change(partner_id: UUID) -> AnyResponse:
    page_staff(WRITE)
    changes = load_form(
        PartnerChangeSchema,
        contact=_contact(),
        active=request.form.get("active") == "on",
        vat_registered=request.form.get("vat_registered") == "on",
    )
    partner = services.lock_partner(partner_id)
    old = dict(PartnerSchema().dump(partner))
    services.change_partner(partner, changes)
    audit.record_by_staff("partners.update", "partners", partner_id, old=old, new=dict(PartnerSchema().dump(partner)))
    flash(translate("It is changed."))
    return redirect(url_for(PAGE, partner_id=partner_id))


@blueprint.post("/<uuid:partner_id>/members")
@refusals_lead_to(PAGE)
@idempotent_form
def add_member(partner_id: UUID) -> AnyResponse:
    staff = page_staff(WRITE)
    address = request.form.get("address", "").strip()
    body = load_form(InvitationSchema, **{"email" if "@" in address else "phone": address})
    member = services.add_member(
        partner_id,
        address=body.get("phone") or body["email"],
        role=MemberRole(body["role"]),
        by=staff_actor(staff.id),
    )
    shown = dict(MemberSchema().dump(queries.show_member(member)))
    audit.record_by_staff("partners.add_member", "partners", partner_id, new=shown)
    flash(translate("Invited: whoever signs in with this address belongs to the partner."))
    return redirect(url_for(PAGE, partner_id=partner_id))


@blueprint.post("/<uuid:partner_id>/members/<uuid:member_id>/remove")
@refusals_lead_to(PAGE)
@idempotent_form
def remove_member(partner_id: UUID, member_id: UUID) -> AnyResponse:
    page_staff(WRITE)
    member = services.remove_member(partner_id, member_id, keep_an_owner=False)
    shown = dict(MemberSchema().dump(queries.show_member(member)))
    audit.record_by_staff("partners.remove_member", "partners", partner_id, old=shown)
    flash(translate("The membership has ended."))
    return redirect(url_for(PAGE, partner_id=partner_id))


def _contact() -> dict[str, str]:
    """Read whom to reach from the fields of the form."""
    return {name: request.form.get(f"contact_{name}", "") for name in CONTACT}
