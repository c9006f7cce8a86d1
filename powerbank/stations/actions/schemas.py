"""Actions on many stations, as staff ask for them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from powerbank.stations.actions.services import StationAction
from powerbank.stations.commands.schemas import FirmwareParameters
from powerbank.stations.registry.schemas import StationFilterArguments
from powerbank.stations.schemas import REASON, SERIAL

MOST_CHOSEN = 1000
MOST_PER_MINUTE = 200


class StationCountSchema(Schema):
    count = fields.Integer(required=True, metadata={"description": "What an action on all of these names."})


def _says_something(reason: str) -> None:
    if not reason.strip():
        raise ValidationError("Say why, in text.")


class StationActionSchema(StationFilterArguments):
    action = fields.String(required=True, validate=validate.OneOf([*StationAction]))
    parameters = fields.Dict(
        load_default=dict, metadata={"description": "Of `update_firmware`: `url`, `sha256` and `version`."}
    )
    reason = fields.String(required=True, validate=[*REASON, _says_something])
    sns = fields.List(
        fields.String(validate=SERIAL), load_default=None, allow_none=True, validate=validate.Length(1, MOST_CHOSEN)
    )
    count = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(min=0),
        metadata={"description": "Needed without `sns`: how many you saw. It is refused if more match by now."},
    )
    per_minute = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, MOST_PER_MINUTE),
        metadata={"description": "So many stations a minute; as fast as it goes unless said."},
    )
    most_failures = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(min=1),
        metadata={"description": "With `per_minute`: it ends when so many of its commands have failed."},
    )

    @validates_schema
    def _names_what_is_meant(self, data: dict[str, Any], **_: Any) -> None:
        if data["sns"] is None and data["count"] is None:
            raise ValidationError("Name the stations, or how many you saw.", "count")
        if data["most_failures"] is not None and data["per_minute"] is None:
            raise ValidationError("Only what goes slowly can end before it has reached all.", "most_failures")

    @post_load
    def _load_parameters(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        form = FirmwareParameters if data["action"] == StationAction.UPDATE_FIRMWARE else Schema
        try:
            parameters = form().load(data["parameters"])
        except ValidationError as refused:
            raise ValidationError(
                {"parameters": [f"{name}: {each}" for name, each in refused.messages_dict.items()]}
            ) from None
        return data | {"parameters": parameters}
