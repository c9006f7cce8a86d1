"""Serve the choices of a person about which notices to get."""

from typing import Any

from flask.views import MethodView

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction
from powerbank.notifications.people import preferences
from powerbank.notifications.people.schemas import PreferencesChangeSchema, PreferencesSchema

blueprint = Blueprint(
    "Notification preferences",
    __name__,
    url_prefix="/api/users/me/notification-preferences",
    description="What you want to hear of, and where.",
)


@blueprint.route("")
class Preferences(MethodView):
    @user_only
    @blueprint.response(200, PreferencesSchema)
    def get(self) -> dict[str, Any]:
        """Every group of messages and where you get them"""
        return preferences.show_preferences(current_user_id())

    @user_only
    @blueprint.arguments(PreferencesChangeSchema)
    @blueprint.response(200, PreferencesSchema)
    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Switch places on or off; groups and places that are not named stay as they are"""
        with transaction():
            preferences.change_preferences(current_user_id(), body["groups"])
        return preferences.show_preferences(current_user_id())
