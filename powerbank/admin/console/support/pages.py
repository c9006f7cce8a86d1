"""The console's pages of support: the queue, one conversation with all that is known of its person, and the figures."""

from datetime import timedelta
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console import tones
from powerbank.admin.console.columns import member, person, write_member
from powerbank.admin.console.sections import SUPPORT
from powerbank.admin.console.support import acts
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.clock import HOME
from powerbank.base.db import transaction, utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, read_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.support import photos
from powerbank.support import queries as conversations
from powerbank.support.models import Side, Status, Topic
from powerbank.support.schemas import WrittenSchema
from powerbank.support.staff import codes, queries, replies, services
from powerbank.support.staff.schemas import MergeSchema, ReplyFormSchema, StaffConversationArguments

blueprint = console_blueprint("console_support", __name__, url_prefix="/console/support")

SNOOZES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}

QUEUE = ListPage(
    "Conversations",
    SUPPORT,
    columns=(
        lists.moment("Last message", "last_message_at"),
        lists.badge("State", "status", tones.CONVERSATION),
        lists.name("Queue", "topic"),
        person("Person", "user_id"),
        lists.number("Unread", "unread"),
        lists.moment("Answer due", "answer_due_at"),
        member("Assigned to", "assignee_id"),
        lists.words("Language", "language"),
    ),
    filters=(
        lists.choice("State", "status", [*Status]),
        lists.choice("Assigned to", "assignee", ["me", "none"]),
        lists.choice("Queue", "topic", [*Topic]),
        lists.choice("Language", "language", ["en", "ne"]),
        lists.choice("Late", "overdue", ["true"]),
        lists.text_field("Words", "q", "Of a message or a note."),
    ),
    empty=("No conversations.", "What people write to support stands here, the newest message first."),
    api="/api/admin/support/conversations",
    opens=lambda each: url_for("console_support.one", conversation_id=each["id"]),
    file="conversations",
)


@blueprint.get("")
def listing() -> str | AnyResponse | Response:
    staff = page_staff("support.read")
    if not request.args:  # what waits is why one comes here
        return redirect(url_for("console_support.listing", status=Status.OPEN.value))
    now = utcnow()
    return show_list(
        QUEUE,
        lambda **asked: queries.conversation_page(me=staff.id, now=now, **asked),
        StaffConversationArguments,
        staff=staff,
    )


@blueprint.get("/figures")
def figures() -> str:
    staff = page_staff("support.read")
    found = queries.read_figures(since=None, until=None, now=utcnow())
    return render_template("console/support/figures.html", staff=staff, section=SUPPORT, figures=found)


@blueprint.get("/<uuid:conversation_id>")
def one(conversation_id: UUID) -> str:
    staff = page_staff("support.read")
    conversation = queries.find_conversation(conversation_id)
    messages = conversations.newest_messages(conversation_id, with_notes=True)
    if staff.may("support.write") and messages:
        with transaction():
            services.mark_read(conversation_id, up_to=messages[-1].id)
    reply_id = request.args.get("reply", type=UUID)
    context, now = queries.describe_context(conversation), utcnow()
    beside = None
    if conversation.side == Side.RIDER:
        beside = acts.describe_rental_beside(conversation, context["open_rentals"], staff=staff, now=now)
    return render_template(
        "console/support/one.html",
        staff=staff,
        conversation=conversations.describe_for_staff([conversation])[0],
        messages=messages,
        context=context,
        beside=beside,
        **(beside or {}),
        code=codes.describe_code_under_way(conversation, now=now),
        saved=queries.active_replies(),
        filled=replies.fill_in_reply(reply_id, conversation) if reply_id else None,
        tones={**tones.CONVERSATION, **tones.RENTAL, **tones.CASE, **tones.DELIVERY, **tones.ACCOUNT},
        member=write_member,
        now=now.astimezone(HOME),
    )


@blueprint.get("/<uuid:conversation_id>/photos/<uuid:message_id>.jpg")
def photo(conversation_id: UUID, message_id: UUID) -> Response:
    page_staff("support.read")
    return photos.answer_with_photo(conversations.find_photo(conversation_id, message_id, with_notes=True))


@blueprint.post("/<uuid:conversation_id>/reply")
@refusals_lead_to("console_support.one")
@idempotent_form
def reply(conversation_id: UUID) -> AnyResponse:
    staff = page_staff("support.write")
    body = read_form(ReplyFormSchema)
    services.reply(
        conversation_id,
        staff=staff,
        text=body["text"],
        photo=None,
        client_id=None,
        seen_up_to=body["seen_up_to"],
        solves=body["solve"] is not None,
        now=utcnow(),
    )
    return _back(conversation_id)


@blueprint.post("/<uuid:conversation_id>/note")
@refusals_lead_to("console_support.one")
@idempotent_form
def note(conversation_id: UUID) -> AnyResponse:
    staff = page_staff("support.write")
    body = read_form(WrittenSchema)
    services.note(conversation_id, staff=staff, text=body["text"], photo=None, client_id=None, now=utcnow())
    return _back(conversation_id)


@blueprint.post("/<uuid:conversation_id>/take")
@refusals_lead_to("console_support.one")
def take(conversation_id: UUID) -> AnyResponse:
    """Answer this conversation oneself."""
    staff = page_staff("support.write")
    with transaction():
        services.assign(conversation_id, assignee_id=staff.id, staff=staff)
    return _done(conversation_id)


@blueprint.post("/<uuid:conversation_id>/give-back")
@refusals_lead_to("console_support.one")
def give_back(conversation_id: UUID) -> AnyResponse:
    staff = page_staff("support.write")
    with transaction():
        services.assign(conversation_id, assignee_id=None, staff=staff)
    return _done(conversation_id)


@blueprint.post("/<uuid:conversation_id>/snooze/<any(hour, day, week):length>")
@refusals_lead_to("console_support.one")
def snooze(conversation_id: UUID, length: str) -> AnyResponse:
    staff, now = page_staff("support.write"), utcnow()
    with transaction():
        services.snooze(conversation_id, until=now + SNOOZES[length], staff=staff, now=now)
    return _done(conversation_id)


@blueprint.post("/<uuid:conversation_id>/solve")
@refusals_lead_to("console_support.one")
def solve(conversation_id: UUID) -> AnyResponse:
    staff = page_staff("support.write")
    with transaction():
        services.solve(conversation_id, staff=staff, now=utcnow())
    return _done(conversation_id)


@blueprint.post("/<uuid:conversation_id>/merge")
@refusals_lead_to("console_support.one")
def merge(conversation_id: UUID) -> AnyResponse:
    staff = page_staff("support.write")
    body = read_form(MergeSchema)
    with transaction():
        services.merge(conversation_id, into=body["into"], staff=staff, now=utcnow())
    return _done(body["into"])


@blueprint.post("/<uuid:conversation_id>/here")
def here(conversation_id: UUID) -> Response:
    """Tell the other members who has this conversation open, and who is writing in it."""
    staff = page_staff("support.write")
    with transaction():
        if "writes" in request.form:
            services.announce_typing(conversation_id, staff=staff)
        else:
            services.announce_presence(conversation_id, staff=staff)
    return Response(status=204)


def _done(conversation_id: UUID) -> AnyResponse:
    flash(translate("Done."))
    return _back(conversation_id)


def _back(conversation_id: UUID) -> AnyResponse:
    return redirect(url_for("console_support.one", conversation_id=conversation_id) + "#newest")
