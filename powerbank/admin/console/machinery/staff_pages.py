"""The console's pages of staff: who works here, with which role, and what each role may do."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin import queries as admin_queries
from powerbank.admin.console.sections import MACHINERY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.auth.staff import administration, queries
from powerbank.auth.staff.roles import GRANTED, Role
from powerbank.auth.staff.schemas import NewStaffSchema, StaffArguments, StaffChangeSchema
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction
from powerbank.pages import lists
from powerbank.pages.forms import load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list

blueprint = console_blueprint("console_staff", __name__, url_prefix="/console/machinery/staff")

ACTS_SHOWN = 20

STAFF = ListPage(
    "Staff",
    MACHINERY,
    columns=(
        lists.words("E-mail", "email", "device"),
        lists.name("Role", "role"),
        lists.badge("State", lambda row: "active" if row.active else "let in no more", {"active": "good"}),
        lists.badge("Second factor", lambda row: "on" if row.has_totp else "off", {"on": "good", "off": "warn"}),
        lists.moment("Locked until", "locked_until"),
        lists.moment("Since", "created_at"),
    ),
    filters=(
        lists.choice("Role", "role", [*Role]),
        lists.options("State", "active", (("true", "active"), ("false", "let in no more"))),
    ),
    empty=("Nobody fits.", "A member of staff is added here, with a password that is shown once."),
    api="/api/admin/staff",
    opens=lambda row: f"/console/machinery/staff/{row.id}",
    template="console/machinery/staff.html",
    file="staff",
)


@blueprint.get("")
def listing() -> str | Response:
    staff = page_staff("staff.read")
    return show_list(STAFF, queries.list_members, StaffArguments, staff=staff, roles=[*Role], granted=GRANTED)


@blueprint.post("")
@refusals_lead_to("console_staff.listing")
def add(**_: Any) -> str:
    """Add a member. The answer shows the password, so it is no redirect; the same address is refused a second time."""
    staff = page_staff("staff.write")
    body = load_form(NewStaffSchema)
    with transaction():
        member, password = administration.create_member(**body, actor=staff_actor(staff.id))
    return _show_password(staff, member, password)


@blueprint.get("/<uuid:staff_id>")
def one(staff_id: UUID) -> str:
    staff = page_staff("staff.read")
    return render_template(
        "console/machinery/member.html",
        staff=staff,
        section=MACHINERY,
        member=queries.get_member(staff_id),
        roles=[*Role],
        may_write=staff.may("staff.write"),
        acts=admin_queries.list_acts_of(staff_id, limit=ACTS_SHOWN),
    )


@blueprint.post("/<uuid:staff_id>")
@refusals_lead_to("console_staff.one")
def change(staff_id: UUID) -> AnyResponse:
    staff = page_staff("staff.write")
    changes = load_form(StaffChangeSchema)
    with transaction():
        _, old = administration.change_member(staff_id, changes, actor=staff_actor(staff.id))
    flash(translate("It is changed.") if old else translate("There was nothing to change."))
    return redirect(url_for("console_staff.one", staff_id=staff_id))


@blueprint.post("/<uuid:staff_id>/reset")
@refusals_lead_to("console_staff.one")
def reset(staff_id: UUID) -> str:
    """Give a new password. A second press gives another one, and the first is void."""
    staff = page_staff("staff.write")
    with transaction():
        member, password, _ = administration.reset_member(staff_id, actor=staff_actor(staff.id))
    return _show_password(staff, member, password)


def _show_password(staff: Any, member: Any, password: str) -> str:
    return render_template(
        "console/machinery/password.html", staff=staff, section=MACHINERY, member=member, password=password
    )
