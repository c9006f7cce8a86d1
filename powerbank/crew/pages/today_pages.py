"""The crew's first page: the shift, what to do now, what is in hand, and what today has brought."""

from flask import flash, redirect, render_template, url_for
from werkzeug import Response

from powerbank.auth.pages.session import page_person, person_blueprint
from powerbank.base.db import transaction, utcnow
from powerbank.crew.members import locations
from powerbank.crew.members.schemas import CrewLocationSchema
from powerbank.crew.overview import describe_member
from powerbank.crew.pages.access import page_member
from powerbank.crew.shifts import services as shifts
from powerbank.pages.forms import idempotent_form, read_form, refusals_lead_to
from powerbank.pages.language import translate

blueprint = person_blueprint("crew", __name__, url_prefix="/crew", installable=True)


@blueprint.get("/")
def today() -> str:
    person, member = page_person(), page_member()
    return render_template("crew/today.html", person=person, me=describe_member(member, now=utcnow()), now=utcnow())


@blueprint.post("/shift/start")
@refusals_lead_to("crew.today")
@idempotent_form
def start_shift() -> Response:
    shifts.start_shift(page_member().id, now=utcnow())
    return _tell(translate("Your shift has begun."))


@blueprint.post("/shift/end")
@refusals_lead_to("crew.today")
@idempotent_form
def end_shift() -> Response:
    shifts.end_shift(page_member().id, now=utcnow())
    return _tell(translate("Your shift has ended. Thank you."))


@blueprint.post("/break/start")
@refusals_lead_to("crew.today")
@idempotent_form
def start_break() -> Response:
    shifts.start_break(page_member().id, now=utcnow())
    return _tell(translate("Your break has begun."))


@blueprint.post("/break/end")
@refusals_lead_to("crew.today")
@idempotent_form
def end_break() -> Response:
    shifts.end_break(page_member().id, now=utcnow())
    return _tell(translate("Your break is over."))


@blueprint.post("/place")
def share_place() -> tuple[str, int]:
    """Note where a member is who shares it, during a shift. One that is lost costs nothing."""
    with transaction():
        locations.note_place(page_member().id, **read_form(CrewLocationSchema), now=utcnow())
    return "", 204


def _tell(message: str) -> Response:
    flash(message)
    return redirect(url_for("crew.today"))
