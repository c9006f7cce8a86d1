"""What a person wants to hear of."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.fields import Boolean
from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction
from powerbank.content import app_config
from powerbank.notifications.people import preferences
from powerbank.notifications.people.notice_types import Group
from powerbank.users import services as users

blueprint = Blueprint(
    "Notification preferences",
    __name__,
    url_prefix="/api/users/me/notification-preferences",
    description="What you want to hear of, and where.",
)


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


@blueprint.route("")
class Preferences(MethodView):
    @user_only
    @blueprint.response(200, PreferencesSchema)
    def get(self) -> dict[str, Any]:
        """Every group of messages and where you get them"""
        return _shown()

    @user_only
    @blueprint.arguments(PreferencesChangeSchema)
    @blueprint.response(200, PreferencesSchema)
    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Switch places on or off; groups and places that are not named stay as they are"""
        with transaction():
            users.lock_user(current_user_id())
            preferences.change_preferences(current_user_id(), body["groups"])
        return _shown()


def _shown() -> dict[str, Any]:
    hours = app_config.shown(app_config.current())["quiet_hours"]
    return {"groups": preferences.preferences_of_user(current_user_id()), "quiet_hours": hours}
