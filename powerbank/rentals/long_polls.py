"""Long polls: requests that wait for the next change of a rental.

Each of them keeps a thread of its web process. So some threads are always left for other requests, and one person has
only a few long polls.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import db, read_alone
from powerbank.rentals.models import Rental

LOOK_EVERY = 0.25  # seconds
# An app that has lost its connection asks again while its older request still waits.
MOST_OF_ONE_PERSON = 3

_VERSION = text("SELECT version FROM rentals WHERE id = :id")
_lock = threading.Lock()
_waiting: Counter[UUID] = Counter()


def wait_for_change(rental: Rental, *, since: int, wait: float, most: int) -> bool:
    """Wait until the version of the rental is above `since` or the seconds are over, and tell whether it waited.

    Nothing waits for a rental that is newer already, nor where `most` requests of this process wait. Meanwhile the
    request holds no connection: its transaction has ended, and its caller reads the rental again.
    """
    if not wait or rental.version > since:
        return False
    rental_id, user_id = rental.id, rental.user_id
    db.session.rollback()
    until = time.monotonic() + wait
    with _place(user_id, most) as free:
        while free:
            found = read_alone(_VERSION, {"id": rental_id})
            if not found or found[0][0] > since or time.monotonic() >= until:
                break
            time.sleep(min(LOOK_EVERY, max(0.0, until - time.monotonic())))
    return True


@contextmanager
def _place(user_id: UUID, most: int) -> Iterator[bool]:
    """Take a place among the waiting requests. The value is False where no place is free."""
    with _lock:
        free = _waiting.total() < most and _waiting[user_id] < MOST_OF_ONE_PERSON
        if free:
            _waiting[user_id] += 1
    try:
        yield free
    finally:
        if free:
            with _lock:
                _waiting[user_id] -= 1
                if not _waiting[user_id]:
                    del _waiting[user_id]
