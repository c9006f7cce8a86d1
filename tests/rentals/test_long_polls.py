"""Long polls take some threads of a web process, never all of them, and only a few for one person."""

import threading
import time
from contextlib import ExitStack
from uuid import UUID, uuid4

from flask import Flask

from powerbank.rentals import long_polls
from powerbank.rentals.models import Rental


def has_a_place(who: UUID, *, most: int) -> bool:
    """Take a place, if there is one, and give it back after a moment."""
    with long_polls._place(who, most) as free:
        if free:
            time.sleep(0.2)
        return free


def test_one_person_has_a_few_long_polls_and_others_still_find_places() -> None:
    greedy, other = uuid4(), uuid4()
    with ExitStack() as open_polls:
        taken = [open_polls.enter_context(long_polls._place(greedy, 100)) for _ in range(5)]
        assert taken == [True, True, True, False, False]
        assert open_polls.enter_context(long_polls._place(other, 100))
    assert not long_polls._waiting


def test_answer_comes_at_once_when_all_places_are_taken() -> None:
    with ExitStack() as open_polls:
        for _ in range(4):
            assert open_polls.enter_context(long_polls._place(uuid4(), 4))
        assert not has_a_place(uuid4(), most=4)
    assert has_a_place(uuid4(), most=4)


def test_request_without_a_place_does_not_wait(app: Flask) -> None:
    began = time.monotonic()
    rental = Rental(id=uuid4(), user_id=uuid4(), version=0)
    with app.app_context():
        assert long_polls.wait_for_change(rental, since=0, wait=60, most=0)
    assert time.monotonic() - began < 30


def test_concurrent_places_are_counted_right() -> None:
    threads = [threading.Thread(target=has_a_place, args=(uuid4(),), kwargs={"most": 20}) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not long_polls._waiting
