"""Messages of stations, as staff see them and gateways send them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.stations.messages.models import Outcome


class ReportArguments(PageArguments):
    outcome = fields.String(load_default=None, validate=validate.OneOf([*Outcome]))


class StationReportSchema(Schema):
    id = fields.UUID(required=True)
    received_at = Time(required=True)
    kind = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf([*Outcome]))
    reason = fields.String(required=True, allow_none=True)
    topic = fields.String(required=True)
    payload = fields.String(required=True)
    encoding = fields.String(required=True, validate=validate.OneOf(["utf-8", "hex"]))


class ReturnEventSchema(Schema):
    event_id = fields.String(required=True, validate=validate.Length(1, 128))
    station_imei = fields.String(required=True, validate=validate.Length(1, 64))
    slot_number = fields.Integer(required=True, validate=validate.Range(1, 255))
    powerbank_sn = fields.String(required=True, validate=validate.Length(1, 64))
    battery_level = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 100))
    ts = Time(required=True)


class GatewayReportSchema(Schema):
    """A heartbeat (`status`, `slots`) or an event (`event_id`, `type`) of `json-v1`, which reads the values itself."""

    imei = fields.Raw()
    boot_id = fields.Raw(metadata={"description": "an integer that grows with each boot of the station"})
    seq = fields.Raw(
        metadata={"description": "an integer that grows within a boot; without both, reports count as they come"}
    )
    ts = fields.Raw(metadata={"description": "the station's own time, ISO 8601"})
    status = fields.Raw(metadata={"description": "of a heartbeat: `online` or `maintenance`"})
    hardware_info = fields.Raw()
    slots = fields.Raw(
        metadata={
            "description": "of a heartbeat: a list of `slot_number`, `status`, `powerbank_sn`, "
            "`battery_level`, `temperature`, `metadata`"
        }
    )
    event_id = fields.Raw(metadata={"description": "of an event: the same in each repeat"})
    type = fields.Raw(metadata={"description": "of an event: returned, ejected, slot_fault, tamper, overheat, boot"})
    slot_number = fields.Raw()
    powerbank_sn = fields.Raw()
    battery_level = fields.Raw()
    data = fields.Raw()


class AcceptedReportSchema(Schema):
    accepted = Boolean(required=True)


class AcceptedEventSchema(Schema):
    accepted = Boolean(required=True)
    repeated = Boolean(required=True)
