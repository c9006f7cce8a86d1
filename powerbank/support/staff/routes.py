"""Staff answer people: the queue, one conversation, saved replies, hours and figures."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from powerbank.api import uploads
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.crud import add_crud
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import transaction, utcnow
from powerbank.notifications.delivery.schemas import DeliverySchema
from powerbank.notifications.models import Delivery
from powerbank.support import photos
from powerbank.support import queries as conversations
from powerbank.support.models import Conversation, SupportMessage
from powerbank.support.schemas import MessageArguments, ReadSchema, WrittenSchema
from powerbank.support.staff import codes, queries, replies, services, skills, venues
from powerbank.support.staff.schemas import (
    ALERT_RULES,
    SAVED_REPLIES,
    AssignSchema,
    BeginWithVenueSchema,
    ContextSchema,
    FigureArguments,
    FiguresSchema,
    FilledReplySchema,
    MergeSchema,
    ReplySchema,
    SkillsSchema,
    SkillsWrittenSchema,
    SnoozeSchema,
    StaffConversationArguments,
    StaffConversationSchema,
    StaffMessageSchema,
    TimetableSchema,
)
from powerbank.support.staff.timetable import replace_hours_by_staff
from powerbank.support.staffing import hours
from powerbank.support.staffing.hours import Timetable

blueprint = Blueprint(
    "support_staff", __name__, url_prefix="/api/admin/support", description="Answering people (staff)."
)

add_crud(blueprint, SAVED_REPLIES)
add_crud(blueprint, ALERT_RULES)

ONE = "/conversations/<uuid:conversation_id>"


@blueprint.get("/conversations")
@staff_only("support.read")
@blueprint.arguments(StaffConversationArguments, location="query")
@blueprint.response(200, page_of(StaffConversationSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Conversations, the newest message first"""
    return queries.conversation_page(me=current_staff().id, now=utcnow(), **arguments)


@blueprint.post("/conversations")
@staff_only("support.write")
@blueprint.arguments(BeginWithVenueSchema)
@blueprint.response(201, StaffConversationSchema)
@blueprint.alt_response(200, schema=StaffConversationSchema, description="The message was there already.")
def begin(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Write to a venue first, about one of its stations or something else"""
    with transaction():
        conversation, is_new = venues.write_to_venue(**body, staff=current_staff(), now=utcnow())
    return _shown(conversation), 201 if is_new else 200


@blueprint.get(ONE)
@staff_only("support.read")
@blueprint.response(200, StaffConversationSchema)
def detail(conversation_id: UUID) -> dict[str, Any]:
    """One conversation"""
    return _shown(queries.find_conversation(conversation_id))


@blueprint.get(f"{ONE}/messages")
@staff_only("support.read")
@blueprint.arguments(MessageArguments, location="query")
@blueprint.response(200, page_of(StaffMessageSchema))
def messages(arguments: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """What was said, with the notes of staff, oldest first"""
    queries.find_conversation(conversation_id)
    return conversations.message_page(conversation_id, with_notes=True, **arguments)


@blueprint.get(f"{ONE}/messages/<uuid:message_id>/photo.jpg")
@staff_only("support.read")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def photo(conversation_id: UUID, message_id: UUID) -> Response:
    """The picture of a message"""
    return photos.answer_with_photo(conversations.find_photo(conversation_id, message_id, with_notes=True))


@blueprint.get(f"{ONE}/context")
@staff_only("support.read")
@blueprint.response(200, ContextSchema)
def context(conversation_id: UUID) -> dict[str, Any]:
    """What is known of the person: open rentals, last payments, dues, cases, deliveries, other conversations"""
    return queries.describe_context(queries.find_conversation(conversation_id))


@blueprint.get(f"{ONE}/replies/<uuid:reply_id>")
@staff_only("support.read")
@blueprint.response(200, FilledReplySchema)
def filled_reply(conversation_id: UUID, reply_id: UUID) -> dict[str, Any]:
    """A saved reply with the values of this conversation, in both languages"""
    return replies.fill_in_reply(reply_id, queries.find_conversation(conversation_id))


@blueprint.post(f"{ONE}/reply")
@staff_only("support.write")
@uploads.takes_a_photo
@blueprint.arguments(ReplySchema, location="json_or_form")
@blueprint.response(201, StaffMessageSchema)
@blueprint.alt_response(200, schema=StaffMessageSchema, description="The answer was there already.")
def reply(body: dict[str, Any], conversation_id: UUID) -> tuple[SupportMessage, int]:
    """Answer; the conversation then waits for its person"""
    picture = photos.remake_photo(body["photo"])
    with transaction():
        message, is_new = services.reply(
            conversation_id,
            staff=current_staff(),
            text=body["text"],
            photo=picture,
            client_id=body["client_id"],
            seen_up_to=body["seen_up_to"],
            solves=body["solve"],
            now=utcnow(),
        )
    return message, 201 if is_new else 200


@blueprint.post(f"{ONE}/note")
@staff_only("support.write")
@uploads.takes_a_photo
@blueprint.arguments(WrittenSchema, location="json_or_form")
@blueprint.response(201, StaffMessageSchema)
@blueprint.alt_response(200, schema=StaffMessageSchema, description="The note was there already.")
def note(body: dict[str, Any], conversation_id: UUID) -> tuple[SupportMessage, int]:
    """Note something that only staff see"""
    picture = photos.remake_photo(body.pop("photo"))
    with transaction():
        message, is_new = services.note(conversation_id, staff=current_staff(), photo=picture, **body, now=utcnow())
    return message, 201 if is_new else 200


@blueprint.post(f"{ONE}/read")
@staff_only("support.write")
@blueprint.arguments(ReadSchema)
@blueprint.response(200, StaffConversationSchema)
def read(body: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """Staff have read all up to this message"""
    with transaction():
        conversation = services.mark_read(conversation_id, up_to=body["up_to"])
    return _shown(conversation)


@blueprint.post(f"{ONE}/typing")
@staff_only("support.write")
@blueprint.response(204)
def typing(conversation_id: UUID) -> None:
    """A member of staff is typing; nothing is stored"""
    with transaction():
        services.announce_typing(conversation_id, staff=current_staff())


@blueprint.post(f"{ONE}/resend-code")
@staff_only(codes.RESENDS_CODES)
@idempotent
@blueprint.response(200, DeliverySchema)
def resend_code(conversation_id: UUID) -> Delivery:
    """Send the code that its person waits for once more; nobody but the person sees it"""
    return codes.resend_code_of_person(conversation_id, staff=current_staff(), now=utcnow())


@blueprint.post(f"{ONE}/assign")
@staff_only("support.write")
@blueprint.arguments(AssignSchema)
@blueprint.response(200, StaffConversationSchema)
def assign(body: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """Take it, or give it to another member of staff or to nobody"""
    staff = current_staff()
    with transaction():
        conversation = services.assign(conversation_id, assignee_id=body.get("assignee", staff.id), staff=staff)
    return _shown(conversation)


@blueprint.post(f"{ONE}/snooze")
@staff_only("support.write")
@blueprint.arguments(SnoozeSchema)
@blueprint.response(200, StaffConversationSchema)
def snooze(body: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """Leave it out of the queue until then, or until its person writes"""
    with transaction():
        conversation = services.snooze(conversation_id, until=body["until"], staff=current_staff(), now=utcnow())
    return _shown(conversation)


@blueprint.post(f"{ONE}/solve")
@staff_only("support.write")
@blueprint.response(200, StaffConversationSchema)
def solve(conversation_id: UUID) -> dict[str, Any]:
    """Solved; a message of its person within seven days opens it again"""
    with transaction():
        conversation = services.solve(conversation_id, staff=current_staff(), now=utcnow())
    return _shown(conversation)


@blueprint.post(f"{ONE}/merge")
@staff_only("support.write")
@blueprint.arguments(MergeSchema)
@blueprint.response(200, StaffConversationSchema)
def merge(body: dict[str, Any], conversation_id: UUID) -> dict[str, Any]:
    """Go on in another conversation of the same person; answers that one"""
    with transaction():
        target = services.merge(conversation_id, into=body["into"], staff=current_staff(), now=utcnow())
    return _shown(target)


@blueprint.get("/members")
@staff_only("support.read")
@blueprint.response(200, page_of(SkillsSchema))
def members() -> dict[str, Any]:
    """Who takes which new conversations"""
    return {"items": skills.list_skills(), "next_cursor": None}


@blueprint.put("/members/<uuid:staff_id>")
@staff_only("support.write")
@blueprint.arguments(SkillsWrittenSchema)
@blueprint.response(200, SkillsSchema)
def change_member(body: dict[str, Any], staff_id: UUID) -> dict[str, Any]:
    """Write which new conversations a member takes; what was given stays"""
    with transaction():
        return skills.change_skills_by_staff(staff_id, **body)


@blueprint.route("/hours")
class Hours(MethodView):
    @staff_only("support.read")
    @blueprint.response(200, TimetableSchema)
    def get(self) -> Timetable:
        """The hours in which support answers"""
        return hours.read_timetable()

    @staff_only("support.write")
    @blueprint.arguments(TimetableSchema)
    @blueprint.response(200, TimetableSchema)
    def put(self, body: dict[str, Any]) -> Timetable:
        """Write the hours and holidays anew"""
        with transaction():
            return replace_hours_by_staff(body["openings"], body["holidays"])


@blueprint.get("/figures")
@staff_only("support.read")
@blueprint.arguments(FigureArguments, location="query")
@blueprint.response(200, FiguresSchema)
def figures(arguments: dict[str, Any]) -> dict[str, Any]:
    """How conversations went that began in a period: the last 30 days, unless asked otherwise"""
    return queries.read_figures(**arguments, now=utcnow())


def _shown(conversation: Conversation) -> dict[str, Any]:
    return conversations.describe_for_staff([conversation])[0]
