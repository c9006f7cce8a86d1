"""The steps of the demonstration. Each is one transaction that leaves its name in the audit log, so that none happens
twice, however often the program is stopped and started."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select

from powerbank.base import audit
from powerbank.base.audit import AuditEntry
from powerbank.base.db import db, open_session, transaction, utcnow

ACTOR = "demonstration"
STEP = "demonstration.step"


def find_begin() -> datetime:
    """Find when the demonstration began, or begin it now."""
    begun = _find_step("begin")
    db.session.rollback()
    if begun is not None:
        return begun.at
    with step("begin"):
        pass
    return utcnow()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Do the block in one transaction, which says that the step is done."""
    with transaction():
        yield
        audit.record(actor=ACTOR, action=STEP, object_kind="step", object_id=name)


def do_once(name: str, act: Callable[[], None]) -> bool:
    """Do a step, unless it is done. Say whether it was done now."""
    if is_done(name):
        return False
    with step(name):
        act()
    return True


def is_done(name: str) -> bool:
    done = _find_step(name) is not None
    db.session.rollback()
    return done


def _find_step(name: str) -> AuditEntry | None:
    query = select(AuditEntry).where(
        AuditEntry.action == STEP, AuditEntry.object_kind == "step", AuditEntry.object_id == name
    )
    found: AuditEntry | None = db.session.scalar(query)
    return found


def try_out(act: Callable[[], object]) -> object:
    """Do something that may be refused, without losing what was done before in the transaction."""
    with open_session().begin_nested():
        return act()
