"""The people of the crew for staff: who they are, their shifts and hours, what is in hand, and what they earned."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.crew import tones
from powerbank.admin.console.sections import CREW
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.crew.banks import queries as banks
from powerbank.crew.earnings import queries as earnings
from powerbank.crew.leaving import let_member_go
from powerbank.crew.members import queries, services
from powerbank.crew.members.schemas import (
    CrewMemberSchema,
    MemberArguments,
    MemberChangeSchema,
    MemberDraftSchema,
    ShiftArguments,
)
from powerbank.crew.shifts import queries as shifts
from powerbank.crew.tasks import queries as tasks
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.stations.warehouses import queries as warehouses

blueprint = console_blueprint("console_crew_members", __name__, url_prefix="/console/crew")


def write_hours(seconds: int) -> str:
    return translate("{hours} h {minutes} min", hours=seconds // 3600, minutes=seconds % 3600 // 60)


def _shift_state(shift: dict[str, Any]) -> str:
    if shift["ended_at"] is None:
        return "on"
    return "ended by itself" if shift["ended_by"] == "time" else "ended"


MEMBERS = ListPage(
    "Members",
    CREW,
    columns=(
        lists.words("Name", "name"),
        lists.badge("State", lambda member: "active" if member["active"] else "has left", tones.ACTIVE),
        lists.words("Zones", lambda member: ", ".join(member["zones"])),
        lists.moment("Since", "created_at"),
    ),
    filters=(lists.choice("Active", "active", ["true", "false"]),),
    empty=("No members.", "A person who has an account becomes a member of the crew here, by their phone number."),
    api="/api/admin/crew",
    opens=lambda member: url_for("console_crew_members.one", member_id=member["id"]),
    template="console/crew/members.html",
    file="crew",
)
SHIFTS = ListPage(
    "Shifts",
    CREW,
    columns=(
        lists.words("Member", "name"),
        lists.badge("State", _shift_state, tones.SHIFT),
        lists.moment("Began", "started_at"),
        lists.moment("Ended", "ended_at"),
        lists.words("Hours", lambda shift: write_hours(shift["work_seconds"]), "n"),
        lists.words("Breaks", lambda shift: write_hours(shift["break_seconds"]), "n"),
    ),
    filters=(lists.choice("On now", "open", ["true"]),),
    empty=("No shifts.", "A shift stands here when a member begins one on their phone."),
    api="/api/admin/crew/shifts",
    opens=lambda shift: url_for("console_crew_members.one", member_id=shift["member_id"]),
    file="crew_shifts",
)


@blueprint.get("/members")
def listing() -> str | Response:
    staff = page_staff("crew.read")
    return show_list(MEMBERS, queries.list_members, MemberArguments, staff=staff)


@blueprint.get("/shifts")
def shift_listing() -> str | Response:
    staff = page_staff("crew.read")
    return show_list(SHIFTS, _list_shifts, ShiftArguments, staff=staff)


@blueprint.post("/members")
@refusals_lead_to("console_crew_members.listing")
@idempotent_form
def add() -> AnyResponse:
    """Make a person a member, by the phone number or e-mail address of their account."""
    staff = page_staff("crew.write")
    contact = request.form.get("contact", "").strip()
    body = load_form(MemberDraftSchema, **{"email" if "@" in contact else "phone": contact}, zones=_read_zones())
    person = {name: body.pop(name, None) for name in ("user_id", "phone", "email")}
    member = services.make_member(**person, values=body, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("crew.create", "crew_member", member.id, new=_for_audit(queries.show_member(member)))
    flash(translate("This person is of the crew now."))
    return redirect(url_for("console_crew_members.one", member_id=member.id))


@blueprint.get("/members/<uuid:member_id>")
def one(member_id: UUID) -> str:
    staff, now = page_staff("crew.read"), utcnow()
    member = queries.find_member(member_id)
    money = None
    if staff.may("crew.pay"):
        money = earnings.list_earnings(member_id, begin=None, end=None, today=local_day(now), limit=20, cursor=None)
    return render_template(
        "console/crew/member.html",
        staff=staff,
        section=CREW,
        member=queries.show_member(member),
        work=shifts.describe_work(member, now=now),
        held=tasks.show_tasks(tasks.list_held_tasks(member_id), now=now),
        banks=banks.describe_banks_in_hand(member_id),
        shifts=shifts.list_shifts(member_id, now=now, limit=20, cursor=None)["items"],
        earned=money,
        plans=earnings.list_pay_plans(limit=100, cursor=None)["items"],
        warehouses=warehouses.list_warehouses(active=True, limit=100, cursor=None)["items"],
        tones=tones,
        hours=write_hours,
        now=now,
    )


@blueprint.post("/members/<uuid:member_id>")
@refusals_lead_to("console_crew_members.one")
@idempotent_form
def change(member_id: UUID) -> AnyResponse:
    page_staff("crew.write")
    body = load_form(MemberChangeSchema, zones=_read_zones())
    member = services.lock_member(member_id)
    old = _for_audit(queries.show_member(member))
    services.change_member(member, body)
    audit.record_by_staff("crew.update", "crew_member", member_id, old=old, new=_for_audit(queries.show_member(member)))
    flash(translate("Saved."))
    return redirect(url_for("console_crew_members.one", member_id=member_id))


@blueprint.post("/members/<uuid:member_id>/end")
@refusals_lead_to("console_crew_members.one")
@idempotent_form
def end(member_id: UUID) -> AnyResponse:
    page_staff("crew.write")
    member = let_member_go(member_id, now=utcnow())
    audit.record_by_staff("crew.end", "crew_member", member_id, new=_for_audit(queries.show_member(member)))
    flash(translate("This person is of the crew no more."))
    return redirect(url_for("console_crew_members.one", member_id=member_id))


def _list_shifts(**asked: Any) -> dict[str, Any]:
    found = shifts.list_all_shifts(only_open=asked.pop("open"), now=utcnow(), **asked)
    names = queries.find_names({shift["member_id"] for shift in found["items"]})
    return found | {"items": [shift | {"name": names.get(shift["member_id"], "")} for shift in found["items"]]}


def _read_zones() -> list[str]:
    return [zone.strip() for zone in request.form.get("zone_names", "").split(",") if zone.strip()]


def _for_audit(shown: dict[str, Any]) -> dict[str, Any]:
    return dict(CrewMemberSchema(exclude=("name",)).dump(shown))
