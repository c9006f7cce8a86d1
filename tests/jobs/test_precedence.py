"""Work for which nobody waits lets starts go first."""

import pytest
from flask import Flask

from jobs.worker import precedence
from jobs.worker.precedence import Precedence
from powerbank.base.db import transaction
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.policy import Queue, lanes
from tests.people import change

BACKGROUND = lanes([Queue.DEFAULT, Queue.ANALYTICS])


def starts_wait(app: Flask, number: int) -> None:
    with app.app_context(), transaction():
        for each in range(number):
            enqueue(rental_jobs.PROCESS_RENTAL_INITIATION, rental_id=str(each))


@pytest.mark.parametrize(
    ("served", "waits"),
    [(BACKGROUND, True), (lanes([Queue.CRITICAL]), False), (lanes([Queue.IOT, Queue.NOTIFICATIONS]), False)],
)
def test_only_a_worker_for_which_nobody_waits_gives_way(
    app: Flask, clean: None, served: list[str], waits: bool
) -> None:
    starts_wait(app, 3)
    with app.app_context():
        assert bool(Precedence(served).seconds_to_wait()) == waits


def test_it_goes_on_when_the_starts_have_gone_out(app: Flask, clean: None) -> None:
    starts_wait(app, 3)
    worker = Precedence(BACKGROUND)
    with app.app_context():
        assert worker.seconds_to_wait() > 0
        change(app, "UPDATE outbox_jobs SET state = 'done', finished_at = now()")
        assert worker.seconds_to_wait() == 0


def test_it_does_a_job_after_the_longest_pause(app: Flask, clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    starts_wait(app, 3)
    monkeypatch.setattr(precedence, "LONGEST_PAUSE", 0.0)
    with app.app_context():
        assert Precedence(BACKGROUND).seconds_to_wait() == 0
