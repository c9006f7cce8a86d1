"""What became of the commands that an operation on many stations has made."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import db
from powerbank.outbox import operation_items
from powerbank.outbox.operation_items import OperationItem
from powerbank.outbox.operations import Operation
from powerbank.stations.commands.models import CommandStatus, StationCommand

FAILED = (CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.UNKNOWN)


def count_commands(operation_id: UUID) -> dict[str, int]:
    """Count the commands of an operation by their status."""
    query = (
        select(StationCommand.status, func.count())
        .join(OperationItem, OperationItem.made_id == StationCommand.id)
        .where(OperationItem.operation_id == operation_id)
        .group_by(StationCommand.status)
    )
    found = {row[0]: row[1] for row in db.session.execute(query)}
    return {status.value: found[status] for status in CommandStatus if status in found}


def count_failures(operation_id: UUID) -> int:
    counted = count_commands(operation_id)
    return sum(counted.get(status, 0) for status in FAILED)


def list_items_with_commands(
    operation: Operation, *, result: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """List a page of what an operation is about, each with its command if one was made."""
    found = operation_items.list_items(operation, result=result, limit=limit, cursor=cursor)
    made = [item.made_id for item in found["items"] if item.made_id is not None]
    commands = {each.id: each for each in db.session.scalars(select(StationCommand).where(StationCommand.id.in_(made)))}
    return found | {"items": [(item, commands.get(item.made_id)) for item in found["items"]]}
