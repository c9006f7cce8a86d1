"""The schemas of people's notices, devices and preferences."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.notifications.models import Platform
from powerbank.notifications.people.notice_types import Group

# FCM decides what a token is. A longer one would not fit into an index.
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


class WebPushKeysSchema(Schema):
    p256dh = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9_=-]{1,100}\Z"))
    auth = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9_=-]{1,40}\Z"))


class SubscriptionSchema(Schema):
    """What `PushSubscription.toJSON()` gives in a browser."""

    endpoint = fields.String(required=True, validate=TOKEN)
    expirationTime = fields.Raw(load_default=None, allow_none=True, load_only=True)  # noqa: N815 (the browser's name)
    keys = fields.Nested(WebPushKeysSchema, required=True)


class WebPushKeySchema(Schema):
    public_key = fields.String(required=True, metadata={"description": "the `applicationServerKey` of a subscription"})


class DeviceSchema(Schema):
    id = fields.UUID(dump_only=True)
    fcm_token = fields.String(required=True, load_only=True, validate=TOKEN)
    platform = fields.String(required=True, validate=validate.OneOf([platform.value for platform in Platform]))
    app_version = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9A-Za-z.+_-]{1,40}\Z")
    )
    created_at = Time(dump_only=True)
    seen_at = Time(dump_only=True)


class PersonDeviceSchema(DeviceSchema):
    """A device of a person, which may be a browser that uses Web Push."""

    fcm_token = fields.String(
        load_only=True, validate=TOKEN, metadata={"description": "of a device that gets its pushes through FCM"}
    )
    subscription = fields.Nested(
        SubscriptionSchema, load_only=True, metadata={"description": "of a browser that uses Web Push"}
    )

    @validates_schema
    def _check_one_way(self, data: dict[str, Any], **_: Any) -> None:
        if "subscription" in data and data.get("platform") != Platform.WEB:
            raise ValidationError("Only a browser has a subscription.", "subscription")
        if ("fcm_token" in data) == ("subscription" in data):
            raise ValidationError("Send either a token or a subscription.", "fcm_token")


class DevicesSchema(Schema):
    items = fields.List(fields.Nested(DeviceSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PlacesSchema(Schema):
    group = fields.String(required=True, validate=validate.OneOf([group.value for group in Group]))
    in_app = Boolean()
    push = Boolean()
    sms = Boolean()
    email = Boolean()


class PreferenceSchema(PlacesSchema):
    types = fields.List(fields.String(), required=True)
    locked = Boolean(required=True, metadata={"description": "These cannot be switched off."})


class PreferencesSchema(Schema):
    groups = fields.List(fields.Nested(PreferenceSchema), required=True)
    quiet_hours = fields.String(
        required=True,
        metadata={"description": "Nobody is woken then: what is not urgent waits.", "example": "22:00-07:00"},
    )


class PreferencesChangeSchema(Schema):
    groups = fields.List(fields.Nested(PlacesSchema), required=True, validate=validate.Length(max=20))
