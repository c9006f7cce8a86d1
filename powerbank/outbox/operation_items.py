"""What an operation on many things is about: one row for each of them, with its result.

The things are chosen when the operation is accepted, so that "all that match" are those which somebody saw and counted,
whatever changes while the operation runs. They are written down together, and each gets its row when the job begins, so
that nobody waits for a hundred thousand rows. The job works on them in batches. A run that broke off goes on with the
first thing that waits, so that nothing is done twice.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Select,
    Uuid,
    cast,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.types import Text

from powerbank.api.paging import page
from powerbank.base import audit
from powerbank.base.db import Base, db, one_of, open_session
from powerbank.base.errors import AppError
from powerbank.outbox import operations
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.operations import Operation
from powerbank.outbox.policy import JobSpec

PAUSE = timedelta(minutes=1)  # between the parts of an operation that goes slowly
MOST_NAMED = 100  # things passed over that the result names; all of them are in the list of items

# What is done to one thing. It gives the id of what it made, such as a command, if that has a result of its own.
Act = Callable[[Operation, str], UUID | None]
# What became of one thing: the id of what was made for it, or why it was refused.
Outcome = UUID | None | AppError
ActOnAll = Callable[[Operation, Sequence[str]], Mapping[str, Outcome]]

_NOTE = text("""
    UPDATE operation_items AS item
       SET result = CASE WHEN became.code IS NULL THEN 'done' ELSE 'passed_over' END, code = became.code,
           made_id = became.made_id
      FROM unnest(CAST(:positions AS int[]), CAST(:codes AS text[]), CAST(:made AS uuid[]))
           AS became (position, code, made_id)
     WHERE item.operation_id = :operation_id AND item.position = became.position
""")


class ItemResult(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    PASSED_OVER = "passed_over"  # refused, for the reason that `code` names


class OperationItem(Base):
    __tablename__ = "operation_items"
    __table_args__ = (
        one_of("result", ItemResult),
        CheckConstraint("(result = 'passed_over') = (code IS NOT NULL)", name="code"),
        Index(
            "ix_operation_items_passed_over",
            "operation_id",
            "position",
            postgresql_where=text("result = 'passed_over'"),
        ),
    )

    operation_id: Mapped[UUID] = mapped_column(ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    object_id: Mapped[str]
    result: Mapped[str] = mapped_column(server_default=ItemResult.WAITING)
    code: Mapped[str | None]
    made_id: Mapped[UUID | None]


class OperationChoice(Base):
    """The things that were chosen for an operation, from when it was accepted until its job begins with them."""

    __tablename__ = "operation_choices"

    operation_id: Mapped[UUID] = mapped_column(ForeignKey("operations.id", ondelete="CASCADE"), primary_key=True)
    things: Mapped[list[str]] = mapped_column(ARRAY(Text))


_GIVE_ROWS = text("""
    WITH chosen AS (DELETE FROM operation_choices WHERE operation_id = :operation_id RETURNING things)
    INSERT INTO operation_items (operation_id, position, object_id)
    SELECT :operation_id, each.position, each.thing
      FROM chosen CROSS JOIN LATERAL unnest(things) WITH ORDINALITY AS each (thing, position)
""")


def choose_items(operation: Operation, things: Select[Any]) -> int:
    """Choose what an operation is about: `things` selects one column, the id of each of them. Count them."""
    session = open_session()
    session.flush()
    of = things.subquery()
    (thing,) = of.columns
    in_order = func.array_agg(aggregate_order_by(thing.cast(Text), thing))
    chosen = select(literal(operation.id), func.coalesce(in_order, cast([], ARRAY(Text)))).select_from(of)
    choice = insert(OperationChoice).from_select(["operation_id", "things"], chosen)
    total: int = session.execute(choice.returning(func.cardinality(OperationChoice.things))).scalar_one()
    operation.progress = {"done": 0, "total": total}
    return total


def are_chosen(operation_id: UUID) -> bool:
    of_it = (each.operation_id == operation_id for each in (OperationChoice, OperationItem))
    return bool(open_session().scalar(select(or_(*(exists().where(condition) for condition in of_it)))))


def work_on_next_items(operation_id: UUID, act: Act, *, most: int) -> bool:
    """Do `act` to the next things of an operation. False: nothing is left, or somebody stopped it."""

    def act_on_each(operation: Operation, things: Sequence[str]) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        for thing in things:
            try:
                outcomes[thing] = act(operation, thing)
            except AppError as refused:  # somebody else was faster, or the thing is not as it was
                outcomes[thing] = refused
        return outcomes

    return work_on_next_together(operation_id, act_on_each, most=most)


def work_on_next_together(operation_id: UUID, act_on_all: ActOnAll, *, most: int) -> bool:
    """Act on the next things of an operation at once. False: nothing is left, or somebody stopped it."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return False
    session = open_session()
    done = (operation.progress or {}).get("done", 0)
    if not done:
        session.execute(_GIVE_ROWS, {"operation_id": operation_id})
    waiting = select(OperationItem.position, OperationItem.object_id).where(
        OperationItem.operation_id == operation_id, OperationItem.position > done
    )
    items = session.execute(waiting.order_by(OperationItem.position).limit(most)).all()
    if items:
        outcomes = act_on_all(operation, [item.object_id for item in items])
        codes = [_code_of(outcomes[item.object_id]) for item in items]
        passed = sum(code is not None for code in codes)
        made = [None if code else outcomes[item.object_id] for item, code in zip(items, codes, strict=True)]
        noted = {"positions": [item.position for item in items], "codes": codes, "made": made}
        session.execute(_NOTE, noted | {"operation_id": operation_id})
        progress = operation.progress or {}
        operation.progress = progress | {
            "done": items[-1].position,
            "changed": progress.get("changed", 0) + len(items) - passed,
            "passed_over": progress.get("passed_over", 0) + passed,
        }
    return bool(items)


def _code_of(outcome: Outcome) -> str | None:
    return outcome.code if isinstance(outcome, AppError) else None


def go_on_after_pause(operation: Operation, spec: JobSpec, *, now: datetime) -> None:
    """Have the next things of an operation that goes slowly follow in a minute, or finish it if none is left."""
    progress = operation.progress or {}
    if progress["done"] < progress["total"]:
        enqueue(spec, at=now + PAUSE, operation_id=str(operation.id))
    else:
        finish_operation(operation.id, now=now)


def finish_operation(operation_id: UUID, *, now: datetime) -> None:
    """Finish an operation of which nothing is left to do."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return
    passed = select(OperationItem).where(
        OperationItem.operation_id == operation_id, OperationItem.result == ItemResult.PASSED_OVER
    )
    named = open_session().scalars(passed.order_by(OperationItem.position).limit(MOST_NAMED))
    result = {
        "changed": (operation.progress or {}).get("changed", 0),
        "passed_over": [{"id": item.object_id, "code": item.code} for item in named],
    }
    operations.succeed(operation, result, now=now)


def stop_operation(
    operation_id: UUID, *, now: datetime, user_id: UUID | None = None, staff_id: UUID | None = None
) -> Operation:
    """Stop an operation of who asked for it after the batch that is under way. What it has done stays done."""
    found = operations.find_operation_of_asker(operation_id, user_id=user_id, staff_id=staff_id, now=now)
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return found
    operations.fail(operation, "stopped", "Somebody stopped this.", now=now)
    if staff_id is not None:
        record_for_asker(operation, "operation.stop", "operation", operation.id)
    return operation


def list_items(operation: Operation, *, result: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of what an operation is about, in the order in which it is worked on."""
    waits = db.session.scalar(select(exists().where(OperationChoice.operation_id == operation.id)))
    item = _as_items(OperationChoice) if waits else OperationItem
    query = select(item).where(item.operation_id == operation.id)
    if result is not None:
        query = query.where(item.result == result)
    return page(query, item.position, limit=limit, cursor=cursor)


def _as_items(choice: type[OperationChoice]) -> type[OperationItem]:
    """Read what was chosen as if each thing had its row: all of them wait."""
    each = func.unnest(choice.things).table_valued("thing", with_ordinality="position").render_derived()
    waiting = select(
        choice.operation_id,
        each.c.position.cast(Integer).label("position"),
        each.c.thing.label("object_id"),
        literal(ItemResult.WAITING.value).label("result"),
        null().cast(Text).label("code"),
        null().cast(Uuid).label("made_id"),
    ).join_from(choice, each, true())
    return aliased(OperationItem, waiting.subquery(), adapt_on_names=True)


def record_for_asker(operation: Operation, action: str, object_kind: str, object_id: object, **new: object) -> None:
    """Write to the audit log in the name of who asked: the job that carries it out answers nobody's request."""
    audit.record(
        actor=audit.staff_actor(operation.staff_id),
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        new={"operation_id": str(operation.id), "reason": operation.request.get("reason"), **new},
    )
