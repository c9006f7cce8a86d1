"""The job that calculates how somebody can pay."""

from uuid import UUID

from powerbank.base.db import utcnow
from powerbank.base.errors import AppError
from powerbank.outbox import operations
from powerbank.payments.options import scenarios
from powerbank.payments.options.schemas import CalculateSchema, CalculationSchema


def calculate_payment_options(*, operation_id: str) -> None:
    operation = operations.lock_pending_operation(UUID(operation_id))
    if operation is None:
        return
    assert operation.user_id is not None  # noqa: S101 (staff ask for no options)
    asked = CalculateSchema().load(operation.request)
    try:
        found = scenarios.calculate_options(operation.user_id, asked["scenario"], asked)
    except AppError as refused:
        if refused.status >= 500:
            raise
        operations.fail(operation, refused.code, refused.detail, now=utcnow(), **refused.data)
        return
    operations.succeed(operation, CalculationSchema().dump(found), now=utcnow())
