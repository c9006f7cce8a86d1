from marshmallow import Schema, fields, validate

from powerbank.api.fields import Time
from powerbank.users.schemas import TEXT


class NoteSchema(Schema):
    id = fields.UUID(required=True)
    text = fields.String(required=True)
    staff_id = fields.UUID(required=True)
    created_at = Time(required=True)


class NewNoteSchema(Schema):
    text = fields.String(required=True, validate=[validate.Length(1, 2000), *TEXT[1:]])


class SignInSchema(Schema):
    id = fields.UUID(required=True)
    user_agent = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)
    ended_at = Time(required=True, allow_none=True)
    end_cause = fields.String(required=True, allow_none=True)


class EndSignInsSchema(Schema):
    reason = fields.String(required=True, validate=[validate.Length(3, 500), *TEXT[1:]])


class EraseSchema(EndSignInsSchema):
    """Why everything about a person shall be deleted."""


class EndedSchema(Schema):
    ended = fields.Integer(required=True, metadata={"description": "Sign-ins that lasted until now."})
