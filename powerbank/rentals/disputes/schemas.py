"""The schemas of cases, as staff see them."""

from marshmallow import fields, validate

from powerbank.api.paging import PageArguments
from powerbank.rentals.disputes.models import CaseStatus, IssueType
from powerbank.rentals.schemas import RentalCaseSchema


class CaseArguments(PageArguments):
    status = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*CaseStatus]))
    issue_type = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*IssueType]))


class QueuedCaseSchema(RentalCaseSchema):
    rental_code = fields.String(required=True, attribute="rental.code")
    user_id = fields.UUID(required=True, attribute="rental.user_id")
    evidence = fields.Dict(required=True)
    decided_by = fields.String(required=True, allow_none=True)
