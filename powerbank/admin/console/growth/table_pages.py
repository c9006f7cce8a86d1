"""The console's pages of tables without rules: campaigns, questions, banners, versions and countries."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request
from werkzeug import Response as AnyResponse

from powerbank.admin.console.growth.tables import TABLES, TablePages
from powerbank.admin.console.sections import GROWTH
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api import plain
from powerbank.api.paging import PageArguments
from powerbank.base.audit import staff_actor
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import show_list
from powerbank.pages.schema_forms import describe_form, read_form
from powerbank.promotions import exports
from powerbank.promotions import queries as promotions

blueprint = console_blueprint("console_tables", __name__, url_prefix="/console/growth")

_NAME = f"<any({', '.join(repr(each) for each in TABLES)}):name>"


@blueprint.get("")
def first_tab() -> AnyResponse:
    page_staff("promotions.read")
    return redirect(GROWTH.tabs[0].address)


@blueprint.get(f"/{_NAME}")
def listing(name: str) -> str | Response:
    of = TABLES[name]
    return show_list(
        of.page,
        lambda **page: plain.list_rows(of.table, **page),
        PageArguments,
        staff=page_staff(of.table.read),
        name=name,
        of_table=of,
    )


@blueprint.get(f"/{_NAME}/new")
def new(name: str) -> str:
    of = TABLES[name]
    staff = page_staff(of.table.write)
    return _show_form(staff, name, of, describe_form(of.table.schema()))


@blueprint.post(f"/{_NAME}/new")
@refusals_lead_to("console_tables.new")
@idempotent_form
def create(name: str) -> AnyResponse | str:
    of = TABLES[name]
    staff = page_staff(of.table.write)
    values, errors = read_form(of.table.schema())
    if errors:
        return _show_form(staff, name, of, describe_form(of.table.schema(), given=request.form, errors=errors))
    row = plain.create_row(of.table, values, actor=staff_actor(staff.id))
    flash(translate("It is made."))
    return redirect(f"/console/growth/{name}/{row.id}")


@blueprint.get(f"/{_NAME}/<uuid:row_id>")
def one(name: str, row_id: UUID) -> str:
    of = TABLES[name]
    staff = page_staff(of.table.read)
    row = plain.find_row(of.table, row_id)
    return _show_form(staff, name, of, describe_form(of.table.schema(), row=row), row=row)


@blueprint.post(f"/{_NAME}/<uuid:row_id>")
@refusals_lead_to("console_tables.one")
@idempotent_form
def change(name: str, row_id: UUID) -> AnyResponse | str:
    of = TABLES[name]
    staff = page_staff(of.table.write)
    values, errors = read_form(of.table.schema(partial=True))
    if errors:
        row = plain.find_row(of.table, row_id)
        form = describe_form(of.table.schema(), given=request.form, errors=errors)
        return _show_form(staff, name, of, form, row=row)
    plain.change_row(of.table, row_id, values, actor=staff_actor(staff.id))
    flash(translate("It is changed."))
    return redirect(f"/console/growth/{name}/{row_id}")


@blueprint.post(f"/{_NAME}/<uuid:row_id>/delete")
@refusals_lead_to("console_tables.one")
@idempotent_form
def delete(name: str, row_id: UUID) -> AnyResponse:
    of = TABLES[name]
    staff = page_staff(of.table.write)
    plain.delete_row(of.table, row_id, actor=staff_actor(staff.id))
    flash(translate("It is deleted."))
    return redirect(f"/console/growth/{name}")


@blueprint.get("/campaigns/<uuid:campaign_id>/redemptions.csv")
def redemptions(campaign_id: UUID) -> Response:
    page_staff(TABLES["campaigns"].table.read)
    return exports.export_redemptions_of_campaign(campaign_id)


def _show_form(staff: Any, name: str, of: TablePages, form: Any, *, row: Any = None) -> str:
    effect = promotions.summarise_uses_of_campaign(row.id) if name == "campaigns" and row is not None else None
    return render_template(
        "console/growth/row.html",
        staff=staff,
        section=of.page.section,
        name=name,
        of_table=of,
        form=form,
        row=row,
        may_write=staff.may(of.table.write),
        effect=effect,
        by_day=promotions.count_uses_by_day(effect["days"]) if effect else [],
        coupons=promotions.coupon_page(campaign_id=row.id, limit=50, cursor=None)["items"] if effect else [],
    )
