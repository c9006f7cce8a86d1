"""The page of who takes which new conversations, by topic and language."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import SUPPORT
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.pages.forms import idempotent_form, load_body, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.support.models import Topic
from powerbank.support.staff import skills
from powerbank.support.staff.schemas import LANGUAGES, SkillsWrittenSchema

blueprint = console_blueprint("console_support_members", __name__, url_prefix="/console/support/members")


@blueprint.get("")
def listing() -> str:
    staff = page_staff("support.read")
    return render_template(
        "console/support/members.html",
        staff=staff,
        section=SUPPORT,
        members=skills.list_skills(),
        topics=[*Topic],
        languages=LANGUAGES,
    )


@blueprint.post("/<uuid:staff_id>")
@refusals_lead_to("console_support_members.listing")
@idempotent_form
def change(staff_id: UUID) -> AnyResponse:
    page_staff("support.write")
    written = {
        "topics": request.form.getlist("topic"),
        "languages": request.form.getlist("language"),
        "away": "away" in request.form,
    }
    skills.change_skills_by_staff(staff_id, **load_body(SkillsWrittenSchema, written))
    flash(translate("It is changed."))
    return redirect(url_for("console_support_members.listing"))
