"""The console's pages of messages: what each type says in each place and language, and on which channels it goes."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import GROWTH
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.language import LANGUAGES
from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.notifications.models import Channel
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.preferences import PLACES
from powerbank.notifications.templates import rules, services
from powerbank.notifications.templates.drafts import LONGEST_BODY, LONGEST_TITLE, Draft
from powerbank.notifications.texts import built_in
from powerbank.notifications.texts.built_in import Text
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.schema_forms import flatten_errors

blueprint = console_blueprint("console_messages", __name__, url_prefix="/console/growth/messages")

READ, WRITE = "templates.read", "templates.write"


@blueprint.get("")
def listing() -> str:
    """Show every type with its channels, and where staff have written a text of their own."""
    staff = page_staff(READ)
    audience = request.args.get("audience", "")
    return render_template(
        "console/growth/messages.html",
        staff=staff,
        section=GROWTH,
        rules=[each for each in rules.list_rules() if audience in ("", each["audience"])],
        audience=audience,
        written=services.list_written_types(),
    )


@blueprint.get("/<type_name>")
def one(type_name: str) -> str:
    staff = page_staff(READ)
    kind = rules.find_notice_type(type_name)
    place = _chosen("place", [*PLACES])
    language = _chosen("language", [*LANGUAGES])
    return render_template(
        "console/growth/message.html",
        staff=staff,
        section=GROWTH,
        may_write=staff.may(WRITE),
        channels=[*Channel],
        places=PLACES,
        place=place,
        language=language,
        rule=rules.find_rule(kind),
        has_templates=kind is not NoticeType.BROADCAST,
        template=services.find_template_of(kind, place, language),
        values=built_in.sample_values(kind),
        previews={each: built_in.built_in_text(kind, built_in.sample_values(kind), each) for each in LANGUAGES},
        longest={"title": LONGEST_TITLE, "body": LONGEST_BODY},
    )


@blueprint.post("/<type_name>/preview")
def preview(type_name: str) -> str:
    """Show what readers of both languages would get of a draft, while it is written."""
    page_staff(READ)
    kind = rules.find_notice_type(type_name)
    draft = Draft(kind, request.form.get("title", ""), request.form.get("body", ""))
    texts: dict[str, Text] = {}
    errors: dict[str, str] = {}
    try:
        texts = {language: services.preview_draft(draft, language, {}) for language in LANGUAGES}
    except InvalidFieldsError as refused:
        errors = flatten_errors(refused.data["errors"])
    return render_template("console/growth/message_preview.html", texts=texts, errors=errors)


@blueprint.post("/<type_name>")
@refusals_lead_to("console_messages.one")
@idempotent_form
def save(type_name: str) -> AnyResponse:
    """Put a text in the place of the built-in one, or of the one before."""
    staff = page_staff(WRITE)
    kind = rules.find_notice_type(type_name)
    place, language = _place_and_language()
    services.write_template(
        kind,
        place,
        language,
        title=request.form.get("title", ""),
        body=request.form.get("body", ""),
        active=request.form.get("active") != "false",
        by=staff.id,
    )
    flash(translate("It is saved, and used from now on."))
    return redirect(url_for("console_messages.one", type_name=type_name, place=place, language=language))


@blueprint.post("/<type_name>/delete")
@refusals_lead_to("console_messages.one")
@idempotent_form
def delete(type_name: str) -> AnyResponse:
    staff = page_staff(WRITE)
    place, language = _place_and_language()
    services.remove_template(rules.find_notice_type(type_name), place, language, by=staff.id)
    flash(translate("The built-in text is used again."))
    return redirect(url_for("console_messages.one", type_name=type_name, place=place, language=language))


@blueprint.post("/<type_name>/channels")
@refusals_lead_to("console_messages.one")
@idempotent_form
def choose_channels(type_name: str) -> AnyResponse:
    staff = page_staff(WRITE)
    kind = rules.find_notice_type(type_name)
    if request.form.get("reset"):
        rules.reset_channels(kind, by=staff.id)
    else:
        wanted: list[str] = [each for each in request.form.getlist("channel") if each in {*Channel}]
        rules.choose_channels(kind, wanted, by=staff.id)
    flash(translate("It is changed."))
    return redirect(url_for("console_messages.one", type_name=type_name))


def _chosen(name: str, values: list[str]) -> str:
    """Give what the address asks for, or the first of the values."""
    asked = request.args.get(name, "")
    return asked if asked in values else values[0]


def _place_and_language() -> tuple[Any, str]:
    place, language = request.form.get("place", ""), request.form.get("language", "")
    if place not in PLACES or language not in LANGUAGES:
        raise NotFoundError("template")
    return place, language
