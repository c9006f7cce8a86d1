"""Staff: what they set while the network runs."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields
from sqlalchemy import select

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.fields import Time
from powerbank.api.openapi import Blueprint
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import db, transaction
from powerbank.base.errors import NotFoundError
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig, ConfigEntry

blueprint = Blueprint("Configuration", __name__, url_prefix="/api/admin/config", description="Prices, limits, hours.")


class ConfigSchema(Schema):
    key = fields.String(dump_only=True)
    value = fields.Raw(required=True, allow_none=True)
    default = fields.Raw(dump_only=True, allow_none=True)
    description = fields.String(dump_only=True)
    updated_at = Time(dump_only=True, allow_none=True)
    updated_by = fields.String(dump_only=True, allow_none=True)


class ConfigListSchema(Schema):
    items = fields.List(fields.Nested(ConfigSchema), required=True)
    next_cursor = fields.String(dump_default=None, allow_none=True)


@blueprint.route("")
class Configuration(MethodView):
    @staff_only("config.read")
    @blueprint.response(200, ConfigListSchema)
    def get(self) -> dict[str, Any]:
        """Everything that can be set, with its default"""
        return {"items": _items()}


@blueprint.route("/<string:key>")
class Key(MethodView):
    @staff_only("config.read")
    @blueprint.response(200, ConfigSchema)
    def get(self, key: str) -> dict[str, Any]:
        """One key"""
        return _item(key)

    @staff_only("config.write")
    @blueprint.arguments(ConfigSchema)
    @blueprint.response(200, ConfigSchema)
    def patch(self, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Set a key; rentals and payments under way keep what they began with"""
        with transaction():
            old = _item(key)["value"]
            app_config.put(key, body["value"], actor=staff_actor(current_staff().id))
            new = _item(key)
            audit.by_staff("config.set", "config", key, old={"value": old}, new={"value": new["value"]})
        return new

    @staff_only("config.write")
    @blueprint.response(200, ConfigSchema)
    def delete(self, key: str) -> dict[str, Any]:
        """Back to the default"""
        with transaction():
            old = _item(key)["value"]
            app_config.reset(key)
            new = _item(key)
            audit.by_staff("config.reset", "config", key, old={"value": old}, new={"value": new["value"]})
        return new


def _items() -> list[dict[str, Any]]:
    values, defaults = app_config.shown(app_config.current()), app_config.shown(AppConfig())
    set_ones = {entry.key: entry for entry in db.session.scalars(select(ConfigEntry))}
    return [
        {
            "key": key,
            "value": values[key],
            "default": defaults[key],
            "description": field.description,
            "updated_at": set_ones[key].updated_at if key in set_ones else None,
            "updated_by": set_ones[key].updated_by if key in set_ones else None,
        }
        for key, field in AppConfig.model_fields.items()
    ]


def _item(key: str) -> dict[str, Any]:
    found = next((item for item in _items() if item["key"] == key), None)
    if found is None:
        raise NotFoundError("setting")
    return found
