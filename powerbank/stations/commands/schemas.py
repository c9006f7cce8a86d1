"""Commands, as staff send and see them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.stations.commands.models import CommandName, CommandStatus
from powerbank.stations.models import MOST_SLOTS
from powerbank.stations.schemas import SERIAL

SLOT = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_SLOTS))


class EjectParameters(Schema):
    slot_number = SLOT
    powerbank_sn = fields.String(required=True, validate=SERIAL)


class SlotParameters(Schema):
    slot_number = SLOT


class EnableParameters(Schema):
    enable = Boolean(required=True)


class FirmwareParameters(Schema):
    url = fields.Url(required=True, schemes={"https"}, validate=validate.Length(max=500))
    sha256 = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
    version = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9._+-]{1,60}\Z"))


PARAMETERS: dict[str, type[Schema]] = {
    CommandName.EJECT: EjectParameters,
    CommandName.LOCK_SLOT: SlotParameters,
    CommandName.UNLOCK_SLOT: SlotParameters,
    CommandName.RESET_SLOT: SlotParameters,
    CommandName.MAINTENANCE: EnableParameters,
    CommandName.UPDATE_FIRMWARE: FirmwareParameters,
}


class RemoteCommandSchema(Schema):
    command = fields.String(required=True, validate=validate.OneOf([*CommandName]))
    parameters = fields.Dict(load_default=dict, metadata={"example": {"slot_number": 3, "powerbank_sn": "85000003"}})

    @post_load
    def _load_parameters(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Keep the parameters as they were understood, not as they were written."""
        try:
            parameters = PARAMETERS.get(data["command"], Schema)().load(data["parameters"])
        except ValidationError as refused:
            wrong = refused.messages_dict.items()
            raise ValidationError({"parameters": [f"{name}: {_find_first(each)}" for name, each in wrong]}) from None
        return data | {"parameters": parameters}


def _find_first(problem: Any) -> str:
    return str(problem[0] if isinstance(problem, list) else problem)


class CommandAcceptedSchema(Schema):
    command_id = fields.UUID(required=True, attribute="id")
    status = fields.String(required=True, validate=validate.OneOf([*CommandStatus]))


class CommandSchema(CommandAcceptedSchema):
    command = fields.String(required=True, validate=validate.OneOf([*CommandName]))
    parameters = fields.Dict(required=True)
    requested_by = fields.String(required=True)
    rental_id = fields.UUID(required=True, allow_none=True)
    created_at = Time(required=True)
    deadline = Time(required=True)
    sent_at = Time(required=True, allow_none=True)
    finished_at = Time(required=True, allow_none=True)
    response = fields.Dict(required=True, allow_none=True)


class CommandArguments(PageArguments):
    status = fields.String(load_default=None, validate=validate.OneOf([*CommandStatus]))
