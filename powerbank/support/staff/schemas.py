"""Conversations as staff see them, saved replies, hours and figures."""

from itertools import pairwise
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments
from powerbank.api.plain import PlainTable
from powerbank.ledger.schemas import TransactionSchema
from powerbank.notifications.delivery.schemas import DeliverySchema
from powerbank.payments.dues.schemas import StaffDueSchema
from powerbank.support.models import AlertCause, PartnerAlertRule, SavedReply, Status, Subject, Topic
from powerbank.support.schemas import LONGEST_TEXT, ConversationSchema, MessageSchema, WrittenSchema
from powerbank.support.staff.replies import refuse_unknown_station_values, refuse_unknown_values

LANGUAGES = {"en": "English", "ne": "नेपाली"}


class StaffConversationArguments(PageArguments):
    status = fields.String(load_default=None, validate=validate.OneOf([*Status]))
    assignee = fields.String(
        load_default=None,
        validate=validate.Length(1, 36),
        metadata={"description": "the id of a member of staff, `me`, or `none`"},
    )
    about = fields.String(load_default=None, validate=validate.OneOf([*Subject]))
    topic = fields.String(
        load_default=None,
        validate=validate.OneOf([*Topic]),
        metadata={"description": "a queue: what riders write about, or the side that writes"},
    )
    language = fields.String(load_default=None, validate=validate.OneOf(["en", "ne"]))
    user_id = fields.UUID(load_default=None)
    q = fields.String(
        load_default=None, validate=validate.Length(2, 200), metadata={"description": "words of a message"}
    )
    overdue = Boolean(load_default=False, metadata={"description": "only those to which an answer is late"})


class StaffConversationSchema(ConversationSchema):
    user_id = fields.UUID(required=True)
    topic = fields.String(required=True, validate=validate.OneOf([*Topic]))
    language = fields.String(required=True)
    assignee_id = fields.UUID(required=True, allow_none=True, data_key="assignee")
    escalated_at = Time(required=True, allow_none=True)
    first_answered_at = Time(required=True, allow_none=True)
    snoozed_until = Time(required=True, allow_none=True)
    reopened = fields.Integer(required=True)
    rating_comment = fields.String(required=True, allow_none=True)


class StaffMessageSchema(MessageSchema):
    is_note = Boolean(required=True, data_key="note")
    staff_id = fields.UUID(required=True, allow_none=True)

    photo_view = "support_staff.photo"


class ReplySchema(WrittenSchema):
    seen_up_to = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "the newest message seen; if a colleague answered after it, this is a 409"},
    )
    solve = Boolean(load_default=False)


class ReplyFormSchema(WrittenSchema):
    """An answer as the form of the console sends it."""

    seen_up_to = fields.UUID(load_default=None)
    solve = fields.String(load_default=None)


class ActReasonSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class AssignSchema(Schema):
    assignee = fields.UUID(
        allow_none=True, metadata={"description": "Who asks, if it is left out; nobody, if it is null."}
    )


class SnoozeSchema(Schema):
    until = Time(required=True)


class MergeSchema(Schema):
    into = fields.UUID(required=True)


class SavedReplySchema(Schema):
    id = fields.UUID(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(1, 100))
    text_en = fields.String(required=True, validate=[validate.Length(1, LONGEST_TEXT), refuse_unknown_values])
    text_ne = fields.String(required=True, validate=[validate.Length(1, LONGEST_TEXT), refuse_unknown_values])
    active = Boolean(load_default=True)
    created_at = Time(dump_only=True)


class AlertRuleSchema(Schema):
    id = fields.UUID(dump_only=True)
    cause = fields.String(required=True, validate=validate.OneOf([*AlertCause]))
    text_en = fields.String(required=True, validate=[validate.Length(1, LONGEST_TEXT), refuse_unknown_station_values])
    text_ne = fields.String(required=True, validate=[validate.Length(1, LONGEST_TEXT), refuse_unknown_station_values])
    active = Boolean(load_default=True)
    created_at = Time(dump_only=True)


ALERT_RULES = PlainTable("alert-rules", PartnerAlertRule, AlertRuleSchema, permission="support")
SAVED_REPLIES = PlainTable("replies", SavedReply, SavedReplySchema, permission="support")


class FilledReplySchema(Schema):
    text_en = fields.String(required=True)
    text_ne = fields.String(required=True)
    language = fields.String(required=True)
    missing = fields.List(
        fields.String(), required=True, metadata={"description": "values that this conversation does not have"}
    )


class SkillsWrittenSchema(Schema):
    topics = fields.List(fields.String(validate=validate.OneOf([*Topic])), required=True)
    languages = fields.List(fields.String(validate=validate.OneOf([*LANGUAGES])), required=True)
    away = Boolean(load_default=False, metadata={"description": "is given no new ones for now"})


class SkillsSchema(SkillsWrittenSchema):
    staff_id = fields.UUID(required=True)
    email = fields.String(required=True)
    given_at = Time(required=True, allow_none=True, metadata={"description": "when the last one was given"})


class ToVenueSchema(Schema):
    """A message to a venue, as a form writes it."""

    station = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 100),
        metadata={"description": "the number of one of its stations"},
    )
    text = fields.String(required=True, validate=validate.Length(1, LONGEST_TEXT))


class BeginWithVenueSchema(ToVenueSchema):
    partner_id = fields.UUID(required=True)
    client_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 100))


class OpeningSchema(Schema):
    weekday = fields.Integer(required=True, validate=validate.Range(0, 6), metadata={"description": "Monday is 0"})
    opens = fields.Time(required=True, format="%H:%M")
    closes = fields.Time(required=True, format="%H:%M")

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data["opens"] >= data["closes"]:
            raise ValidationError("Support must open before it closes.", "closes")


class HolidaySchema(Schema):
    day = fields.Date(required=True)
    name = fields.String(required=True, validate=validate.Length(1, 100))


class TimetableSchema(Schema):
    """Without any opening, support answers always."""

    openings = fields.List(fields.Nested(OpeningSchema), required=True, validate=validate.Length(max=50))
    holidays = fields.List(fields.Nested(HolidaySchema), required=True, validate=validate.Length(max=200))

    @validates_schema
    def _apart(self, data: dict[str, Any], **_: Any) -> None:
        openings = sorted(data["openings"], key=lambda each: (each["weekday"], each["opens"]))
        for earlier, later in pairwise(openings):
            if earlier["weekday"] == later["weekday"] and later["opens"] < earlier["closes"]:
                raise ValidationError("Two openings of a day overlap.", "openings")
        days = [each["day"] for each in data["holidays"]]
        if len(days) != len({*days}):
            raise ValidationError("A day stands here twice.", "holidays")


class FigureArguments(Schema):
    since = Time(load_default=None)
    until = Time(load_default=None)


class TopicFiguresSchema(Schema):
    about = fields.String(required=True)
    conversations = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    first_answer_median_s = fields.Float(required=True, allow_none=True)
    first_answer_p90_s = fields.Float(required=True, allow_none=True)
    solved = fields.Integer(required=True)
    solved_median_s = fields.Float(required=True, allow_none=True)
    reopened = fields.Integer(required=True)
    escalated = fields.Integer(required=True)
    rated = fields.Integer(required=True)
    rating = fields.Float(required=True, allow_none=True)


class FiguresSchema(Schema):
    since = Time(required=True)
    until = Time(required=True)
    total = fields.Nested(TopicFiguresSchema, required=True)
    topics = fields.List(fields.Nested(TopicFiguresSchema), required=True)


class ContextRentalSchema(Schema):
    id = fields.UUID(required=True)
    code = fields.String(required=True)
    status = fields.String(required=True)
    created_at = Time(required=True)
    due_at = Time(required=True, allow_none=True)
    ended_at = Time(required=True, allow_none=True)


class ContextCaseSchema(Schema):
    id = fields.UUID(required=True)
    rental_id = fields.UUID(required=True)
    issue_type = fields.String(required=True)
    status = fields.String(required=True)
    reported_at = Time(required=True)


class ContextPersonSchema(Schema):
    id = fields.UUID(required=True)
    username = fields.String(required=True)
    language = fields.String(required=True)
    status = fields.String(required=True)
    kyc_status = fields.String(required=True)
    balance = Money(required=True)
    points = fields.Integer(required=True)


class ContextSchema(Schema):
    person = fields.Nested(ContextPersonSchema, required=True)
    open_rentals = fields.List(fields.Nested(ContextRentalSchema), required=True)
    payments = fields.List(fields.Nested(TransactionSchema), required=True)
    dues = fields.List(fields.Nested(StaffDueSchema), required=True)
    cases = fields.List(fields.Nested(ContextCaseSchema), required=True)
    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)
    conversations = fields.List(fields.Nested(ConversationSchema), required=True)
