"""The console's pages of broadcasts: written, counted and looked at before they go, watched and stopped after."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import GROWTH
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.base.db import utcnow
from powerbank.notifications.broadcasts import services as broadcasts
from powerbank.notifications.broadcasts import targets
from powerbank.notifications.broadcasts.models import UNFINISHED
from powerbank.notifications.broadcasts.schemas import BroadcastSchema, TargetSchema
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.pages.schema_forms import describe_form, read_form

blueprint = console_blueprint("console_broadcasts", __name__, url_prefix="/console/growth/broadcasts")

WRITE = "notices.broadcast"
TONES = {"telling": "busy", "pushing": "busy", "done": "good", "cancelled": "quiet"}

BROADCASTS = ListPage(
    "Broadcasts",
    GROWTH,
    columns=(
        lists.moment("When", "created_at"),
        lists.badge("State", "status", TONES),
        lists.words("Title", "title", "long"),
        lists.number("People", "total"),
        lists.number("Told", "told"),
        lists.number("Pushes", "pushes"),
    ),
    empty=("No broadcasts.", "A broadcast tells everybody, or those whom you choose, the same thing at once."),
    api="/api/admin/system/broadcast",
    opens=lambda row: f"/console/growth/broadcasts/{row.id}",
    template="console/growth/broadcasts.html",
    file="broadcasts",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(BROADCASTS, broadcasts.broadcast_page, PageArguments, staff=page_staff("system.read"))


@blueprint.get("/new")
def new() -> str:
    return _show_form(page_staff(WRITE), {}, {})


@blueprint.post("/preview")
def preview() -> str:
    """Count who would be told, and show what they would read. Nobody is told anything yet."""
    staff = page_staff(WRITE)
    message, target, errors = _read()
    if errors:
        return _show_form(staff, request.form, errors)
    return render_template(
        "console/growth/broadcast_preview.html",
        staff=staff,
        section=GROWTH,
        message=message,
        target=target,
        people=targets.count_people(target, now=utcnow()),
        given=request.form,
    )


@blueprint.post("/edit")
def edit() -> str:
    """Go back from the preview to the text."""
    return _show_form(page_staff(WRITE), request.form, {})


@blueprint.post("")
@refusals_lead_to("console_broadcasts.new")
@idempotent_form
def send() -> AnyResponse | str:
    staff = page_staff(WRITE)
    message, target, errors = _read()
    if errors:
        return _show_form(staff, request.form, errors)
    sent = broadcasts.send_broadcast(**message, target=target, by=staff.id, now=utcnow())
    flash(translate("It is on its way."))
    return redirect(url_for("console_broadcasts.one", broadcast_id=sent.id))


@blueprint.get("/<uuid:broadcast_id>")
def one(broadcast_id: UUID) -> str:
    staff = page_staff("system.read")
    found = broadcasts.find_broadcast(broadcast_id)
    return render_template(
        "console/growth/broadcast.html",
        staff=staff,
        section=GROWTH,
        broadcast=found,
        tones=TONES,
        may_stop=staff.may(WRITE) and found.status in UNFINISHED,
    )


@blueprint.post("/<uuid:broadcast_id>/stop")
@refusals_lead_to("console_broadcasts.one")
@idempotent_form
def stop(broadcast_id: UUID) -> AnyResponse:
    staff = page_staff(WRITE)
    broadcasts.cancel_broadcast(broadcast_id, by=staff.id, now=utcnow())
    flash(translate("It is stopped. Whoever was told stays told."))
    return redirect(url_for("console_broadcasts.one", broadcast_id=broadcast_id))


def _read() -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Read the message and its target, and what is wrong with either."""
    message, errors = read_form(BroadcastSchema(exclude=("target",)))
    target, wrong = read_form(TargetSchema())
    return message, {name: value for name, value in target.items() if value != ""}, errors | wrong


def _show_form(staff: Any, given: Any, errors: dict[str, str]) -> str:
    return render_template(
        "console/growth/new_broadcast.html",
        staff=staff,
        section=GROWTH,
        message=describe_form(BroadcastSchema(exclude=("target",)), given=given or None, errors=errors),
        target=describe_form(TargetSchema(), given=given or None, errors=errors),
    )
