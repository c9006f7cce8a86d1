"""The rules of fields, and the schemas, that several parts of stations share."""

from marshmallow import Schema, fields, validate

from powerbank.api.paging import PageArguments
from powerbank.stations.models import StationStatus

PLAIN = validate.Regexp(r"^[^\x00-\x1f<>]*\Z", error="No control characters, no < and >.")
NAME = [validate.Length(1, 120), PLAIN]
SERIAL = validate.Regexp(r"^[A-Za-z0-9._-]{1,64}\Z", error="1 to 64 letters, digits, dots, dashes or underscores.")
REASON = [validate.Length(1, 500), PLAIN]
STATUS = validate.OneOf([*StationStatus])


class OpenArguments(PageArguments):
    state = fields.String(load_default="open", validate=validate.OneOf(["open", "resolved", "all"]))


class ResolutionSchema(Schema):
    resolution = fields.String(required=True, validate=REASON)
