"""The console's pages of coupons: their rules, their codes, and what came of them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import GROWTH
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api import plain
from powerbank.ledger.adjustments.allowances import SECOND_PERSON
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.pages.schema_forms import FormField, describe_form, read_form
from powerbank.promotions import exports, queries, services
from powerbank.promotions.schemas import (
    CAMPAIGNS,
    WRITE,
    CouponArguments,
    CouponRulesSchema,
    CouponSchema,
    MakeCodesSchema,
    shown_code,
)

blueprint = console_blueprint("console_coupons", __name__, url_prefix="/console/growth/coupons")


def _state(coupon: Any) -> str:
    if not coupon.active:
        return "switched off"
    return "waits for approval" if coupon.needs_approval else "active"


CAMPAIGNS_SHOWN = 100  # to choose among, the newest

COUPONS = ListPage(
    "Coupons",
    GROWTH,
    columns=(
        lists.words("Name", "name"),
        lists.badge("State", _state, {"active": "good", "waits for approval": "warn"}),
        lists.code("Code", lambda row: row.code and shown_code(row.code)),
        lists.name("Kind", "kind"),
        lists.words("Value", "value", "n"),
        lists.number("Used", "used"),
        lists.number("Limit", "total_limit"),
        lists.moment("Ends", "ends_at"),
    ),
    filters=(lists.text_field("Campaign", "campaign_id", "Its id."),),
    empty=("No coupons.", "A coupon takes something off a price, or gives points, to whoever types its code."),
    api="/api/admin/coupons",
    opens=lambda row: f"/console/growth/coupons/{row.id}",
    template="console/growth/coupons.html",
    file="coupons",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(COUPONS, queries.coupon_page, CouponArguments, staff=page_staff("promotions.read"))


@blueprint.get("/new")
def new() -> str:
    staff = page_staff(WRITE)
    given = {"campaign_id": request.args["campaign_id"]} if request.args.get("campaign_id") else None
    return _show_new(staff, _form(CouponSchema(), given=given))


@blueprint.post("/new")
@refusals_lead_to("console_coupons.new")
@idempotent_form
def create() -> AnyResponse | str:
    staff = page_staff(WRITE)
    values, errors = read_form(CouponSchema())
    if errors:
        return _show_new(staff, _form(CouponSchema(), given=request.form, errors=errors))
    coupon = services.create_coupon(**values, by=staff.id)
    flash(translate("It is made."))
    return redirect(url_for("console_coupons.one", coupon_id=coupon.id))


@blueprint.get("/<uuid:coupon_id>")
def one(coupon_id: UUID) -> str:
    staff = page_staff("promotions.read")
    coupon = queries.find_coupon(coupon_id)
    return _show(staff, coupon, _form(CouponRulesSchema(), row=coupon))


@blueprint.post("/<uuid:coupon_id>")
@refusals_lead_to("console_coupons.one")
@idempotent_form
def change(coupon_id: UUID) -> AnyResponse | str:
    staff = page_staff(WRITE)
    values, errors = read_form(CouponRulesSchema(partial=True))
    if errors:
        form = _form(CouponRulesSchema(), given=request.form, errors=errors)
        return _show(staff, queries.find_coupon(coupon_id), form)
    services.change_coupon(services.lock_coupon(coupon_id), values, by=staff.id)
    flash(translate("It is changed."))
    return redirect(url_for("console_coupons.one", coupon_id=coupon_id))


@blueprint.post("/<uuid:coupon_id>/delete")
@refusals_lead_to("console_coupons.one")
@idempotent_form
def delete(coupon_id: UUID) -> AnyResponse:
    staff = page_staff(WRITE)
    services.delete_coupon(services.lock_coupon(coupon_id), by=staff.id)
    flash(translate("It is deleted."))
    return redirect(url_for("console_coupons.listing"))


@blueprint.post("/<uuid:coupon_id>/approve")
@refusals_lead_to("console_coupons.one")
@idempotent_form
def approve(coupon_id: UUID) -> AnyResponse:
    staff = page_staff(SECOND_PERSON)
    services.approve_coupon(services.lock_coupon(coupon_id), staff=staff)
    flash(translate("It is approved."))
    return redirect(url_for("console_coupons.one", coupon_id=coupon_id))


@blueprint.post("/<uuid:coupon_id>/codes")
@refusals_lead_to("console_coupons.one")
@idempotent_form
def make_codes(coupon_id: UUID) -> AnyResponse:
    """Make codes that serve once each. They are taken away as CSV."""
    staff = page_staff(WRITE)
    body = load_form(MakeCodesSchema, count=_as_number(request.form.get("count", "")))
    made = services.make_codes(services.lock_coupon(coupon_id), **body, by=staff.id)
    flash(translate("{count} codes are made.", count=len(made)))
    return redirect(url_for("console_coupons.one", coupon_id=coupon_id))


@blueprint.get("/<uuid:coupon_id>/codes.csv")
def codes(coupon_id: UUID) -> Response:
    page_staff(WRITE)
    return exports.export_codes(coupon_id)


@blueprint.get("/<uuid:coupon_id>/redemptions.csv")
def redemptions(coupon_id: UUID) -> Response:
    page_staff("promotions.read")
    return exports.export_redemptions_of_coupon(coupon_id)


def _as_number(written: str) -> int | str:
    return int(written) if written.isascii() and written.isdigit() else written


def _form(schema: Schema, **filled: Any) -> list[FormField]:
    """Describe the form of a coupon, with the campaigns by name."""
    campaigns = plain.list_rows(CAMPAIGNS, limit=CAMPAIGNS_SHOWN, cursor=None)["items"]
    options = (("", "–"), *((str(each.id), each.name) for each in campaigns))
    return [
        replace(each, kind="choice", options=options) if each.name == "campaign_id" else each
        for each in describe_form(schema, **filled)
    ]


def _show_new(staff: Any, form: Any) -> str:
    return render_template("console/growth/new_coupon.html", staff=staff, section=GROWTH, form=form)


def _show(staff: Any, coupon: Any, form: Any) -> str:
    effect = queries.summarise_uses_of_coupon(coupon.id)
    return render_template(
        "console/growth/coupon.html",
        staff=staff,
        section=GROWTH,
        coupon=coupon,
        state=_state(coupon),
        form=form,
        may_write=staff.may(WRITE),
        may_approve=staff.may(SECOND_PERSON) and coupon.needs_approval and coupon.set_by != staff.id,
        effect=effect,
        by_day=queries.count_uses_by_day(effect["days"]),
        codes=queries.count_codes(coupon.id),
    )
