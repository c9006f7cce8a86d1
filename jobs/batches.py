"""Work through many rows a batch at a time, each batch in a transaction of its own, so that no transaction grows long.

These loops belong to the jobs: a service finds one batch, or does one batch in the transaction that it is given.
"""

from collections.abc import Callable
from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox import operation_items

FIRST = UUID(int=0)  # before every identifier


def work_in_batches(find: Callable[[UUID], list[UUID]], work: Callable[[list[UUID]], object]) -> int:
    """Find the identifiers after the last one and work on all of them in one transaction, until none is left."""
    done, after = 0, FIRST
    while ids := find(after):
        db.session.rollback()  # the snapshot of the search ends before the work begins
        with transaction():
            work(ids)
        done, after = done + len(ids), ids[-1]
    db.session.rollback()
    return done


def work_one_by_one(find: Callable[[UUID], list[UUID]], work: Callable[[UUID], object]) -> int:
    """Find the identifiers after the last one and work on each of them in its own transaction, until none is left."""
    done, after = 0, FIRST
    while ids := find(after):
        db.session.rollback()  # the snapshot of the search ends before the work begins
        for id_ in ids:
            with transaction():
                work(id_)
        done, after = done + len(ids), ids[-1]
    db.session.rollback()
    return done


def repeat_until_none(work: Callable[[], int]) -> int:
    """Repeat a batch, each time in its own transaction, until it says that it found nothing more."""
    total = 0
    while True:
        with transaction():
            count = work()
        if not count:
            return total
        total += count


def work_on_operation(run: StepwiseRun, operation_id: UUID, work: Callable[[UUID], bool]) -> None:
    """Do the batches of an operation until none is left or somebody has stopped it, and finish it."""
    more = True
    while more:
        with transaction():
            more = work(operation_id)
    with run.finish():
        operation_items.finish_operation(operation_id, now=utcnow())
