"""The schemas of notices of staff."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.notifications.staff.notice_types import StaffNoticeType


class StaffNoticeArguments(PageArguments):
    unread = Boolean(load_default=None, allow_none=True)
    type = fields.String(load_default=None, validate=validate.OneOf([type.value for type in StaffNoticeType]))


class StaffNoticeSchema(Schema):
    id = fields.UUID(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    data = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    read_at = Time(required=True, allow_none=True)
    created_at = Time(required=True)
