"""A venue's own people and the crew write to staff: their conversations, one of them, and what they send.

Both have the same pages in their own frames. What the crew sends without a connection waits, as all of its forms do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.api.openapi import note_for_document
from powerbank.api.paging import find_page
from powerbank.api.rate_limits import hit_if_counted
from powerbank.auth.pages.session import page_person, page_user_id, person_blueprint
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.crew.pages.access import page_member
from powerbank.pages.forms import ONCE, idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import page_language, translate
from powerbank.partners import station_queries
from powerbank.payouts.pages.session import own_partner, show
from powerbank.support import photos, queries, services
from powerbank.support.models import Side, Status, Subject
from powerbank.support.schemas import RatingSchema, WrittenSchema
from powerbank.support.sides import Writer
from powerbank.support.staffing import hours

partner_blueprint = person_blueprint("partner_support", __name__, url_prefix="/partner/support")
crew_blueprint = person_blueprint("crew_support", __name__, url_prefix="/crew/support", installable=True)

SHOWN = 30
MOST_STATIONS = 200
LONGEST_NUMBER = 100  # of a station


@dataclass(frozen=True)
class Desk:
    """Where people of one kind write: who they are there, how their pages look, and which stations are offered."""

    find_writer: Callable[[], Writer]
    show: Callable[..., str]
    list_stations: Callable[[], Sequence[tuple[str, str]]]


def add_desk(blueprint: Blueprint, desk: Desk) -> None:
    """Add the pages of support to those of a venue or of the crew."""
    one_page, list_page = f"{blueprint.name}.one", f"{blueprint.name}.listing"

    @blueprint.get("")
    def listing() -> str:
        writer = desk.find_writer()
        found = find_page(
            lambda cursor: queries.conversation_page_of_writer(writer, limit=SHOWN, cursor=cursor),
            request.args.get("cursor") or None,
        )
        return desk.show(
            "support.html",
            desk=blueprint.name,
            conversations=found["items"],
            next_cursor=found["next_cursor"],
            state=hours.describe_now(utcnow()),
            stations=desk.list_stations(),
            chosen=request.args.get("station", "")[:LONGEST_NUMBER],
        )

    @blueprint.get("/<uuid:conversation_id>")
    def one(conversation_id: UUID) -> str:
        writer = desk.find_writer()
        conversation = queries.conversation_of_writer(conversation_id, writer)
        messages = queries.newest_messages(conversation_id, with_notes=False)
        if messages:
            with transaction():
                services.mark_read(conversation_id, user_id=writer.user_id, up_to=messages[-1].id)
        return desk.show(
            "conversation.html",
            desk=blueprint.name,
            conversation=queries.describe_for_person([conversation])[0],
            messages=messages,
            is_over=conversation.status == Status.CLOSED and conversation.merged_into is None,
            may_rate=conversation.status in (Status.SOLVED, Status.CLOSED) and conversation.rating is None,
        )

    @blueprint.get("/<uuid:conversation_id>/photos/<uuid:message_id>.jpg")
    def photo(conversation_id: UUID, message_id: UUID) -> Response:
        queries.conversation_of_writer(conversation_id, desk.find_writer())
        return photos.answer_with_photo(queries.find_photo(conversation_id, message_id, with_notes=False))

    @blueprint.post("")
    @refusals_lead_to(list_page)
    def begin() -> AnyResponse:
        writer = desk.find_writer()
        hit_if_counted(services.BEGINNINGS, "support", str(writer.user_id))
        return _begin(writer, _read_message())

    @idempotent_form
    def _begin(writer: Writer, written: dict[str, Any]) -> AnyResponse:
        sn = request.form.get("station", "").strip()[:LONGEST_NUMBER]
        conversation = services.begin_conversation(
            writer,
            subject=Subject.STATION if sn else Subject.OTHER,
            subject_name=sn or None,
            language=page_language(),
            now=utcnow(),
            **written,
        )
        return redirect(url_for(one_page, conversation_id=conversation.id, _anchor="newest"))

    @blueprint.post("/<uuid:conversation_id>")
    @refusals_lead_to(one_page)
    def write(conversation_id: UUID) -> AnyResponse:
        writer = desk.find_writer()
        queries.conversation_of_writer(conversation_id, writer)
        hit_if_counted(services.MESSAGES, "support-message", str(writer.user_id))
        return _write(conversation_id, writer, _read_message())

    @idempotent_form
    def _write(conversation_id: UUID, writer: Writer, written: dict[str, Any]) -> AnyResponse:
        message, _ = services.write_message(conversation_id, user_id=writer.user_id, now=utcnow(), **written)
        return redirect(url_for(one_page, conversation_id=message.conversation_id, _anchor="newest"))

    @blueprint.post("/<uuid:conversation_id>/solved")
    @refusals_lead_to(one_page)
    @idempotent_form
    def solved(conversation_id: UUID) -> AnyResponse:
        writer = desk.find_writer()
        queries.conversation_of_writer(conversation_id, writer)
        services.solve_by_person(conversation_id, user_id=writer.user_id, now=utcnow())
        flash(translate("Thank you. Write again if there is something more."))
        return redirect(url_for(one_page, conversation_id=conversation_id))

    @blueprint.post("/<uuid:conversation_id>/rating")
    @refusals_lead_to(one_page)
    @idempotent_form
    def rate(conversation_id: UUID) -> AnyResponse:
        writer = desk.find_writer()
        queries.conversation_of_writer(conversation_id, writer)
        given = load_form(RatingSchema, score=request.form.get("score", type=int))
        services.rate(conversation_id, user_id=writer.user_id, now=utcnow(), **given)
        flash(translate("Thank you for telling us."))
        return redirect(url_for(one_page, conversation_id=conversation_id))

    @blueprint.post("/<uuid:conversation_id>/typing")
    def typing(conversation_id: UUID) -> Response:
        """Tell staff that somebody is writing. Nothing is stored."""
        writer = desk.find_writer()
        queries.conversation_of_writer(conversation_id, writer)
        hit_if_counted(services.TYPING, "support-typing", str(writer.user_id))
        with transaction():
            services.announce_typing(conversation_id, user_id=writer.user_id)
        return Response(status=204)

    for view in (begin, write):
        note_for_document(view, idempotent=True)


def _read_message() -> dict[str, Any]:
    """Read what was written, with its picture made anew.

    The key of the form names the message, so that what is sent again is the same one.
    """
    file = request.files.get("photo")
    given = {"photo": file} if file is not None and file.filename else {}
    written = load_form(WrittenSchema, client_id=request.form.get(ONCE), **given)
    return written | {"photo": photos.remake_photo(written["photo"])}


def _find_partner() -> Writer:
    return Writer(page_user_id(), Side.PARTNER, own_partner().id)


def _list_partners_stations() -> Sequence[tuple[str, str]]:
    partner, today = own_partner(), local_day(utcnow())
    found = station_queries.station_page(partner.id, today=today, limit=MOST_STATIONS, cursor=None)
    return [(each["sn"], each["name"]) for each in found["items"]]


def _find_member() -> Writer:
    page_member()
    return Writer(page_user_id(), Side.CREW)


def _show_to_crew(template: str, **more: Any) -> str:
    return render_template(f"crew/{template}", person=page_person(), **more)


def _list_no_stations() -> Sequence[tuple[str, str]]:
    """The crew works at all of them, and writes the number."""
    return ()


add_desk(partner_blueprint, Desk(_find_partner, show, _list_partners_stations))
add_desk(crew_blueprint, Desk(_find_member, _show_to_crew, _list_no_stations))
