"""The page of the hours in which support answers: two openings a day, and the holidays, one on a line."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import SUPPORT
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import utcnow
from powerbank.pages.forms import idempotent_form, load_body, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.support.staff.schemas import TimetableSchema
from powerbank.support.staff.timetable import replace_hours_by_staff
from powerbank.support.staffing import hours

blueprint = console_blueprint("console_support_hours", __name__, url_prefix="/console/support/hours")

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = range(2)


@blueprint.get("")
def one() -> str:
    staff = page_staff("support.read")
    timetable = hours.read_timetable()
    return render_template(
        "console/support/hours.html",
        staff=staff,
        section=SUPPORT,
        days=[(name, _openings_of(timetable, weekday)) for weekday, name in enumerate(DAYS)],
        holidays=timetable.holidays,
        state=hours.describe_now(utcnow()),
        api_body=TimetableSchema().dump(timetable),
    )


@blueprint.post("")
@refusals_lead_to("console_support_hours.one")
@idempotent_form
def change() -> AnyResponse:
    page_staff("support.write")
    openings = [
        {"weekday": weekday, "opens": opens, "closes": request.form.get(f"closes-{weekday}-{part}", "")}
        for weekday in range(len(DAYS))
        for part in PARTS
        if (opens := request.form.get(f"opens-{weekday}-{part}", ""))
    ]
    written = [line.strip().partition(" ") for line in request.form.get("holidays", "").splitlines() if line.strip()]
    holidays = [{"day": day, "name": name.strip()} for day, _, name in written]
    replace_hours_by_staff(**load_body(TimetableSchema, {"openings": openings, "holidays": holidays}))
    flash(translate("It is changed."))
    return redirect(url_for("console_support_hours.one"))


def _openings_of(timetable: hours.Timetable, weekday: int) -> list[Any]:
    found = sorted((each for each in timetable.openings if each.weekday == weekday), key=lambda each: each.opens)
    return [*found, *([None] * len(PARTS))][: max(len(PARTS), len(found))]
