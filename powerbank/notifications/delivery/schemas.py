"""The schemas of deliveries."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Time
from powerbank.api.paging import PageArguments
from powerbank.notifications.delivery import queries as notification_queries
from powerbank.notifications.models import Channel, DeliveryStatus
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.staff.notice_types import StaffNoticeType


class DeliveryFilters(Schema):
    user_id = fields.UUID(required=True)
    status = fields.String(load_default=None, validate=validate.OneOf([status.value for status in DeliveryStatus]))
    channel = fields.String(load_default=None, validate=validate.OneOf([channel.value for channel in Channel]))


class DeliveryArguments(PageArguments, DeliveryFilters):
    pass


class DeliverySchema(Schema):
    id = fields.UUID(required=True)
    notice_id = fields.UUID(required=True, allow_none=True)
    type = fields.String(required=True)
    channel = fields.String(required=True)
    masked = fields.String(required=True, allow_none=True, metadata={"description": "Where to, unreadable in part."})
    status = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    created_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)


class FailureArguments(PageArguments):
    status = fields.String(
        load_default=None, validate=validate.OneOf([status.value for status in notification_queries.FAILED_STATUSES])
    )
    channel = fields.String(load_default=None, validate=validate.OneOf([channel.value for channel in Channel]))
    type = fields.String(load_default=None, validate=validate.OneOf([*NoticeType, *StaffNoticeType]))
    since = Time(load_default=None, metadata={"description": "Asked for from this time on."})
    until = Time(load_default=None, metadata={"description": "Asked for before this time."})


class FailureSchema(DeliverySchema):
    user_id = fields.UUID(required=True, allow_none=True, metadata={"description": "None of a code for a newcomer."})
    staff_id = fields.UUID(required=True, allow_none=True, metadata={"description": "Of a notice to staff."})
