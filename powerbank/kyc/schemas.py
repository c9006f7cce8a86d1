from marshmallow import Schema, fields, validate

from powerbank.api.fields import Time
from powerbank.api.paging import PageArguments
from powerbank.api.uploads import PictureField
from powerbank.kyc import citizenship_numbers, queries
from powerbank.kyc.models import KycStatus

_TEXT = r"^(?=\s*[^\s\x00-\x1f\x7f])[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z"
REASON = [validate.Length(1, 500), validate.Regexp(_TEXT, error="Say why, in text.")]
STATUSES = [status.value for status in KycStatus]


class DocumentTokenSchema(Schema):
    token = fields.String(required=True, validate=validate.Length(1, 1000))


class SubmissionSchema(Schema):
    citizenship_number = fields.String(required=True, validate=validate.Length(1, citizenship_numbers.MAXIMUM_LENGTH))
    front = PictureField(required=True)
    back = PictureField(required=True)


class OwnKycSchema(Schema):
    id = fields.UUID(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(["none", *STATUSES]))
    rejection_reason = fields.String(required=True, allow_none=True, attribute="reason")
    submitted_at = Time(required=True, allow_none=True)
    decided_at = Time(required=True, allow_none=True)


class QueueArguments(PageArguments):
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class KycPersonSchema(Schema):
    id = fields.UUID(required=True)
    username = fields.String(required=True)
    first_name = fields.String(required=True, allow_none=True)
    last_name = fields.String(required=True, allow_none=True)
    date_of_birth = fields.Date(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    city = fields.String(required=True, allow_none=True)


class PastSubmissionSchema(Schema):
    id = fields.UUID(required=True)
    status = fields.String(required=True)
    submitted_at = Time(required=True)
    decided_at = Time(required=True, allow_none=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class QueuedSubmissionSchema(PastSubmissionSchema):
    user = fields.Nested(KycPersonSchema, required=True)
    citizenship_number = fields.Function(queries.decrypt_number, required=True, metadata={"type": ["string", "null"]})


class SubmissionDetailSchema(QueuedSubmissionSchema):
    history = fields.Function(
        lambda submission: PastSubmissionSchema(many=True).dump(queries.list_submissions_of_user(submission.user_id)),
        metadata={"type": "array", "items": {"type": "object"}},
    )


class ClaimSchema(Schema):
    after = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "Pass over this one, give it back, and take what follows it."},
    )


class ClaimedSchema(Schema):
    submission = fields.Nested(SubmissionDetailSchema, required=True, allow_none=True)
    claimed_until = Time(required=True, allow_none=True)


class RejectionSchema(Schema):
    # The person reads it.
    reason = fields.String(required=True, validate=REASON)


class LinkSchema(Schema):
    url = fields.String(required=True)
    expires_at = Time(required=True)


class LinksSchema(Schema):
    front = fields.Nested(LinkSchema, required=True)
    back = fields.Nested(LinkSchema, required=True)
