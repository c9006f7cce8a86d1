"""Issues of stations, as people report them and staff see them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Time
from powerbank.api.uploads import PhotoField
from powerbank.stations.issues.models import IssueType, Priority
from powerbank.stations.schemas import SERIAL, OpenArguments


class IssueArguments(OpenArguments):
    priority = fields.String(load_default=None, validate=validate.OneOf([*Priority]))
    station_sn = fields.String(load_default=None, validate=SERIAL)


PHOTO = {"description": "JPEG, PNG or WebP: a file of a form, or base64"}


class IssueReportSchema(Schema):
    issue_type = fields.String(required=True, validate=validate.OneOf([*IssueType]))
    description = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 2000))
    photo = PhotoField(load_default=None, allow_none=True, metadata=PHOTO)


class ReportSeenSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    partner_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the venue, where its people report"}
    )
    description = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)
    photos = fields.List(fields.String(), required=True, metadata={"description": "addresses, for staff"})


class IssueSeenSchema(Schema):
    id = fields.UUID(required=True)
    station_sn = fields.String(required=True)
    issue_type = fields.String(required=True, validate=validate.OneOf([*IssueType]))
    priority = fields.String(required=True, validate=validate.OneOf([*Priority]))
    opened_at = Time(required=True)


class IssueSchema(IssueSeenSchema):
    connectivity = fields.Dict(
        required=True, allow_none=True, metadata={"description": "What a check of an `offline` report found."}
    )
    reports = fields.Integer(required=True)
    last_reported_at = Time(required=True)
    resolved_at = Time(required=True, allow_none=True)
    resolved_by = fields.String(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True)
