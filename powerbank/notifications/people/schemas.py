from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.notifications.models import Platform

# FCM says what a token is; what is longer would not go into an index.
TOKEN = validate.Regexp(r"^[!-~]{1,1024}\Z")


class NoticeListArguments(PageArguments):
    unread = Boolean(load_default=None, allow_none=True)


class NoticeSchema(Schema):
    id = fields.UUID(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    data = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    read = Boolean(required=True)
    read_at = Time(required=True, allow_none=True)
    created_at = Time(required=True)


class NoticeMarkSchema(Schema):
    read = Boolean(required=True)


class UnreadSchema(Schema):
    unread = fields.Integer(required=True)


class MarkedSchema(Schema):
    marked = fields.Integer(required=True)


class DeviceSchema(Schema):
    id = fields.UUID(dump_only=True)
    fcm_token = fields.String(required=True, load_only=True, validate=TOKEN)
    platform = fields.String(required=True, validate=validate.OneOf([platform.value for platform in Platform]))
    app_version = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9A-Za-z.+_-]{1,40}\Z")
    )
    created_at = Time(dump_only=True)
    seen_at = Time(dump_only=True)


class DevicesSchema(Schema):
    items = fields.List(fields.Nested(DeviceSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
