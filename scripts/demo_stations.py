"""Simulate the stations of the demonstration network. `scripts/run` starts this program, but not with `--bare`.

The database has only hashes of the passwords, so each start gives the stations new ones.
"""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from sqlalchemy import select

from powerbank import create_app
from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox import heartbeats
from powerbank.stations.models import Slot, Station
from powerbank.stations.registry import seed, services
from scripts.simulation import Simulator
from scripts.simulation.page import Page
from scripts.simulation.specs import Credentials, StationSpec

PATIENCE_SECONDS = 30.0


def main() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with create_app(rules=False).app_context():
        specs, network = demo_network()
        wait_for_a_daemon(ended)
    with contextlib.ExitStack() as stack:
        # The places of the banks are remembered for this network, and not for one that was wiped.
        keep_in = Path(os.environ["POWERBANK_DATA"]) / f"simulator-{network}.json"
        simulator = stack.enter_context(Simulator(os.environ["STATIONS_MQTT_URL"], specs, keep_in=keep_in))
        page = stack.enter_context(Page(simulator, int(os.environ["SIMULATOR_PORT"])))
        print(f"{len(specs)} stations; their page is {page.url}.", flush=True)
        ended.wait()


def wait_for_a_daemon(ended: threading.Event) -> None:
    """Wait for a daemon, or nobody hears the first messages, and some cabinets send no more for nine minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(each.listens for each in heartbeats.find_living("mqtt")) and time.monotonic() < deadline:
        db.session.rollback()
        if ended.wait(0.2):
            return


def demo_network() -> tuple[list[StationSpec], str]:
    """Give the stations of the seed as they were registered, each with six banks, and a name for this network."""
    numbers = {seed.make_sn(number): number for number in range(1, len(seed.PLACES) + 1)}
    specs, name = [], "empty"
    with transaction():
        stations = db.session.scalars(select(Station).where(Station.sn.in_(numbers)).order_by(Station.sn)).all()
        for station in stations:
            name = str(stations[0].id)
            shown = services.rotate_credentials(station.sn, now=utcnow())
            slots = len(db.session.scalars(select(Slot.number).where(Slot.station_id == station.id)).all())
            specs.append(
                StationSpec(
                    sn=station.sn,
                    imei=station.imei,
                    protocol=station.protocol,
                    slots=slots,
                    mqtt=Credentials(username=shown.username, password=shown.password),
                    serials=seed.list_serials(numbers[station.sn]),
                )
            )
    return specs, name


if __name__ == "__main__":
    main()
