"""Serve staff the settings that they change while the network runs."""

from typing import Any

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction
from powerbank.content import app_config
from powerbank.content.schemas import ConfigListSchema, ConfigSchema

blueprint = Blueprint("Configuration", __name__, url_prefix="/api/admin/config", description="Prices, limits, hours.")


@blueprint.route("")
class Configuration(MethodView):
    @staff_only("config.read")
    @blueprint.response(200, ConfigListSchema)
    def get(self) -> dict[str, Any]:
        """Everything that can be set, with its default"""
        return {"items": app_config.list_settings()}


@blueprint.route("/<string:key>")
class Key(MethodView):
    @staff_only("config.read")
    @blueprint.response(200, ConfigSchema)
    def get(self, key: str) -> dict[str, Any]:
        """One key"""
        return app_config.find_setting(key)

    @staff_only("config.write")
    @blueprint.arguments(ConfigSchema)
    @blueprint.response(200, ConfigSchema)
    def patch(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Set a key; rentals and payments under way keep what they began with"""
        with transaction():
            actor = staff_actor(current_staff().id)
            return app_config.change_setting(key, body["value"], actor=actor, reason=body["reason"])

    @staff_only("config.write")
    @blueprint.response(200, ConfigSchema)
    def delete(self, key: str) -> dict[str, Any]:
        """Back to the default"""
        with transaction():
            return app_config.reset_setting(key, actor=staff_actor(current_staff().id))
