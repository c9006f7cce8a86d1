"""The console's pages of achievements: what people can reach, and how many have."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import GROWTH
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.pages.schema_forms import describe_form, read_form
from powerbank.social import achievements
from powerbank.social.schemas import AchievementSchema

blueprint = console_blueprint("console_achievements", __name__, url_prefix="/console/growth/achievements")

READ, WRITE = "achievements.read", "achievements.write"

ACHIEVEMENTS = ListPage(
    "Achievements",
    GROWTH,
    columns=(
        lists.words("Name", "name"),
        lists.badge("State", lambda row: "active" if row.active else "switched off", {"active": "good"}),
        lists.name("Metric", "metric"),
        lists.number("Threshold", "threshold"),
        lists.number("Reward in points", "reward"),
        lists.words("Description", "description", "long"),
    ),
    empty=("No achievements.", "A person unlocks an achievement once, when what is counted comes to its threshold."),
    api="/api/admin/achievements",
    opens=lambda row: f"/console/growth/achievements/{row.id}",
    template="console/growth/achievements.html",
    file="achievements",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(ACHIEVEMENTS, achievements.achievement_page, PageArguments, staff=page_staff(READ))


@blueprint.get("/new")
def new() -> str:
    return _show(page_staff(WRITE), describe_form(AchievementSchema()))


@blueprint.post("/new")
@refusals_lead_to("console_achievements.new")
@idempotent_form
def create() -> AnyResponse | str:
    staff = page_staff(WRITE)
    values, errors = read_form(AchievementSchema())
    if errors:
        return _show(staff, describe_form(AchievementSchema(), given=request.form, errors=errors))
    made = achievements.create_achievement(values, by=staff.id)
    flash(translate("It is made. Whoever has come to it already unlocks it soon."))
    return redirect(url_for("console_achievements.one", achievement_id=made.id))


@blueprint.get("/<uuid:achievement_id>")
def one(achievement_id: UUID) -> str:
    staff = page_staff(READ)
    found = achievements.find_achievement(achievement_id)
    return _show(staff, describe_form(AchievementSchema(), row=found), found)


@blueprint.post("/<uuid:achievement_id>")
@refusals_lead_to("console_achievements.one")
@idempotent_form
def change(achievement_id: UUID) -> AnyResponse | str:
    staff = page_staff(WRITE)
    values, errors = read_form(AchievementSchema(partial=True))
    if errors:
        form = describe_form(AchievementSchema(), given=request.form, errors=errors)
        return _show(staff, form, achievements.find_achievement(achievement_id))
    achievements.change_achievement(achievements.lock_achievement(achievement_id), values, by=staff.id)
    flash(translate("It is changed."))
    return redirect(url_for("console_achievements.one", achievement_id=achievement_id))


@blueprint.post("/<uuid:achievement_id>/delete")
@refusals_lead_to("console_achievements.one")
@idempotent_form
def delete(achievement_id: UUID) -> AnyResponse:
    staff = page_staff(WRITE)
    achievements.delete_achievement(achievements.lock_achievement(achievement_id), by=staff.id)
    flash(translate("It is deleted."))
    return redirect(url_for("console_achievements.listing"))


def _show(staff: Any, form: Any, found: Any = None) -> str:
    return render_template(
        "console/growth/achievement.html",
        staff=staff,
        section=GROWTH,
        form=form,
        achievement=found,
        may_write=staff.may(WRITE),
        unlocked=achievements.count_unlocks(found.id) if found is not None else 0,
    )
