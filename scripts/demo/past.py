"""Lets rows that the demonstration writes belong to its time.

Services take the time as an argument where they decide by it. The rest are ids, which begin with the time, and columns
whose default is the time of the insert: they are given the moment that is played. Only this program is changed by it.
"""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import event

from powerbank.base.db import Base, first_id_of

_COLUMNS = ("created_at", "noted_at")
_COUNTED_BITS, _RANDOM_BITS = 22, 40
_counted = itertools.count()  # identifiers of one moment sort as they were made
_make_id_of_now = uuid_utils.compat.uuid7
_played: list[datetime] = []


@contextmanager
def play(moment: datetime) -> Iterator[None]:
    """Give what is written within the block this time."""
    _played.append(moment)
    try:
        yield
    finally:
        _played.pop()


def install() -> None:
    """Have ids and rows ask what time is played. Outside of `play` nothing is different."""
    if event.contains(Base, "before_insert", _date_row):
        return
    uuid_utils.compat.uuid7 = _make_id  # type: ignore[assignment]  # it is asked for no particular time
    event.listen(Base, "before_insert", _date_row, propagate=True)


def _make_id(*_: object) -> UUID:
    if not _played:
        return _make_id_of_now()
    number = next(_counted) % (1 << _COUNTED_BITS)
    return UUID(int=first_id_of(_played[-1]).int | number << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS))


def _date_row(_mapper: object, _connection: object, row: Base) -> None:
    """Date a row. Jobs belong to now: whoever works on them goes by the real time."""
    if not _played or row.__tablename__.startswith("outbox"):
        return
    for column in _COLUMNS:
        if hasattr(row, column) and getattr(row, column) is None:
            setattr(row, column, _played[-1])
