"""The console's pages of what the app shows as pages: each text that a page has had, has, or will have."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import GROWTH
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import utcnow
from powerbank.content import queries, services
from powerbank.content.models import Language, RevisionState, Slug
from powerbank.content.schemas import RevisionArguments, RevisionChangeSchema, RevisionSchema
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.pages.schema_forms import describe_form, read_form

blueprint = console_blueprint("console_content", __name__, url_prefix="/console/growth/content")

READ, WRITE = "content.read", "content.write"
TONES = {"scheduled": "busy", "published": "good", "replaced": "quiet", "withdrawn": "quiet", "removed": "warn"}

REVISIONS = ListPage(
    "Content",
    GROWTH,
    columns=(
        lists.words("Page", "slug"),
        lists.words("Language", "language"),
        lists.badge("State", "state", TONES),
        lists.words("Title", "title", "long"),
        lists.moment("Published", "published_at"),
        lists.moment("Planned for", "publish_at"),
    ),
    filters=(
        lists.options("Page", "slug", ((each.value, each.value) for each in Slug)),
        lists.options("Language", "language", ((each.value, each.value) for each in Language)),
        lists.choice("State", "state", [*RevisionState]),
    ),
    empty=("No texts.", "Terms, privacy, about and contact: each text is kept, with the time in which it was shown."),
    api="/api/admin/content",
    opens=lambda row: f"/console/growth/content/{row.id}",
    template="console/growth/contents.html",
    file="content",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(REVISIONS, queries.revision_page, RevisionArguments, staff=page_staff(READ))


@blueprint.get("/new")
def new() -> str:
    return _show(page_staff(WRITE), describe_form(RevisionSchema()))


@blueprint.post("/new")
@refusals_lead_to("console_content.new")
@idempotent_form
def create() -> AnyResponse | str:
    staff = page_staff(WRITE)
    values, errors = read_form(RevisionSchema())
    if errors:
        return _show(staff, describe_form(RevisionSchema(), given=request.form, errors=errors))
    made = services.add_revision(**values, now=utcnow(), by=staff.id)
    flash(translate("It is published.") if made.state == RevisionState.PUBLISHED else translate("It is planned."))
    return redirect(url_for("console_content.one", revision_id=made.id))


@blueprint.get("/<uuid:revision_id>")
def one(revision_id: UUID) -> str:
    staff = page_staff(READ)
    found = queries.find_revision(revision_id)
    return _show(staff, describe_form(RevisionChangeSchema(), row=found), found)


@blueprint.post("/<uuid:revision_id>")
@refusals_lead_to("console_content.one")
@idempotent_form
def change(revision_id: UUID) -> AnyResponse | str:
    """Change a text that waits. Of a published one the change becomes the next text of its page."""
    staff = page_staff(WRITE)
    values, errors = read_form(RevisionChangeSchema())
    if errors:
        form = describe_form(RevisionChangeSchema(), given=request.form, errors=errors)
        return _show(staff, form, queries.find_revision(revision_id))
    found = services.change_revision(revision_id, values, now=utcnow(), by=staff.id)
    flash(translate("It is changed."))
    return redirect(url_for("console_content.one", revision_id=found.id))


@blueprint.post("/<uuid:revision_id>/<any(withdraw, delete):act>")
@refusals_lead_to("console_content.one")
@idempotent_form
def take_back(revision_id: UUID, act: str) -> AnyResponse:
    staff = page_staff(WRITE)
    if act == "withdraw":
        services.withdraw_revision(revision_id, by=staff.id)
        flash(translate("It is withdrawn."))
        return redirect(url_for("console_content.one", revision_id=revision_id))
    services.delete_revision(revision_id, now=utcnow(), by=staff.id)
    flash(translate("It is off its page."))
    return redirect(url_for("console_content.listing"))


def _show(staff: Any, form: Any, found: Any = None) -> str:
    return render_template(
        "console/growth/content.html",
        staff=staff,
        section=GROWTH,
        tones=TONES,
        form=form,
        revision=found,
        may_write=staff.may(WRITE),
    )
