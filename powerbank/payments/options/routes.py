"""People: how something could be paid."""

from typing import Any

from flask import request

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, answer_accepted, prefers_async
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import InvalidFieldsError
from powerbank.outbox import operations
from powerbank.outbox.catalogue import payment_jobs
from powerbank.payments.options import scenarios
from powerbank.payments.options.schemas import CalculateSchema, CalculationSchema

blueprint = Blueprint("Payment options", __name__, url_prefix="/api/payment", description="Ways to pay an amount.")


@blueprint.post("/calculate-options")
@user_only
@blueprint.arguments(CalculateSchema)
@blueprint.response(200, CalculationSchema)
@blueprint.alt_response(202, schema=AcceptedSchema, description="With `Prefer: respond-async`: look for it later.")
def calculate_options(body: dict[str, Any]) -> Any:
    """The ways to pay for something, the best first"""
    user_id = current_user_id()
    if prefers_async():
        hit_if_counted("60 per minute", "calculate-options", str(user_id))
        with transaction():
            operation = operations.accept(
                payment_jobs.CALCULATE_PAYMENT_OPTIONS,
                user_id=user_id,
                request=request.get_json(),
                callback_url=body["callback_url"],
                now=utcnow(),
            )
        return answer_accepted(operation)
    if body["callback_url"] is not None:
        errors = {"callback_url": ["Only with `Prefer: respond-async`."]}
        raise InvalidFieldsError(errors)
    return scenarios.calculate_options(user_id, body["scenario"], body)
