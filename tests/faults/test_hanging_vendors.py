"""A vendor that takes a connection and never answers stops no start of a rental, whatever Procfile runs."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from powerbank.base.db import transaction
from powerbank.outbox.catalogue import account_jobs, payment_jobs
from powerbank.outbox.enqueue import enqueue_with
from tests import sample_jobs
from tests.jobs.prepared_money import topup_wanted
from tests.jobs.prepared_people import code_asked_for
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
CALLS = 6  # that hang, of each vendor


@pytest.fixture
def hanging() -> Iterator[str]:
    """Give the address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        kept: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        taker = threading.Thread(target=take)
        taker.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)  # which ends the taker
        taker.join()
    for each in kept:
        each.close()


def workers_of(plant: Plant, procfile: str, address: str) -> None:
    vendors = {
        "SMS_URL": address,
        "SMS_TOKEN": "t",
        "KHALTI_URL": address,
        "KHALTI_SECRET": "s",
    }
    lines = [line for line in (ROOT / procfile).read_text().splitlines() if "scripts/worker.py" in line]
    for line in lines:
        plant.start_worker_with(line.partition("scripts/worker.py")[2].split(), **vendors)
    alive = "SELECT count(*) FROM heartbeats WHERE kind = 'worker'"
    wait_until(lambda: plant.value(alive) >= len(lines), 40, "all workers are up")


# In one process a start waits for a call that has begun, and for no second one, so it waits for one time-out at most.
@pytest.mark.parametrize(("procfile", "within"), [("Procfile", 5.0), ("Procfile.small", 14.0)])
def test_starts_go_on_while_gateway_and_sms_hang(plant: Plant, hanging: str, procfile: str, within: float) -> None:
    with plant.context():
        gateway, code = topup_wanted(), code_asked_for()
        with transaction() as session:
            session.execute(text("UPDATE payment_intents SET gateway = 'khalti'"))  # which is called to open a payment
            for _ in range(CALLS):
                enqueue_with(payment_jobs.CREATE_PAYMENT_URL, gateway)
                enqueue_with(account_jobs.SEND_OTP, code)
    workers_of(plant, procfile, hanging)
    begun = "SELECT count(*) FROM outbox_steps WHERE finished_at IS NULL"
    wait_until(lambda: plant.value(begun) >= 1, 20, "a call hangs")
    with plant.context(), transaction():
        enqueue_with(sample_jobs.URGENT, {"key": "start"})
        enqueue_with(sample_jobs.AT_STATION, {"key": "ejection"})
    wait_until(lambda: set(plant.effects()) == {"start", "ejection"}, within, "the start went on")
    with plant.context(), transaction() as session:
        waiting = "SELECT count(*) FROM outbox_jobs WHERE job IN ('create_payment_url', 'send_otp') AND state = 'open'"
        assert int(session.scalar(text(waiting)) or 0) >= 2 * CALLS, "all of them hang"
