"""The jobs of accepted operations: their failure, the call of their client, and their end."""

from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, utcnow
from powerbank.outbox import operations
from powerbank.outbox.operations import Operation


def fail_operation(*, operation_id: str) -> None:
    """Fail an operation whose job died or came too late."""
    operation = operations.lock_pending_operation(UUID(operation_id))
    if operation is not None:
        operations.fail(operation, "not_done", "This could not be done in time; ask again.", now=utcnow())


def send_callback(run: StepwiseRun, *, operation_id: str) -> None:
    operation = db.session.get(Operation, UUID(operation_id))
    if operation is None or operation.callback_url is None:
        return
    url, body = operation.callback_url, operations.callback_body(operation)
    db.session.rollback()
    run.call("tell", lambda _key: {"status": operations.callbacks().send(url, body)})


def prune_operations() -> None:
    operations.prune(now=utcnow())
