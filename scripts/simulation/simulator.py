"""The simulator: all stations of a run, in one thread with one event loop."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from scripts.simulation import memory
from scripts.simulation.cabinet import Bank, Impossible
from scripts.simulation.connection import Address, Connection, Will
from scripts.simulation.handle import StationHandle
from scripts.simulation.json_station import JsonStation
from scripts.simulation.specs import StationSpec
from scripts.simulation.station import Pace, Station
from scripts.simulation.volinks_station import VolinksStation

FIRMWARE: dict[str, type[Station]] = {"json-v1": JsonStation, "volinks-v1": VolinksStation}

CONNECTING_AT_ONCE = 16
KEEP_EVERY = 5.0

Result = TypeVar("Result")


class Simulator:
    """`with Simulator(url, stations) as simulator:` – its methods may be called from any thread but its own."""

    def __init__(
        self,
        broker_url: str,
        stations: Iterable[StationSpec],
        *,
        hands: Iterable[str] = (),
        pace: Pace | None = None,
        seed: int = 0,
        keep_in: Path | None = None,
        keep_sessions: bool = True,
    ) -> None:
        self.address = Address.of(broker_url)
        self.specs = list(stations)
        self.pace = pace or Pace()
        self.seed = seed
        self.keep_in = keep_in
        self.keep_sessions = keep_sessions
        self.stations: dict[str, Station] = {}
        self.hands: dict[str, Bank] = {serial: Bank(serial) for serial in hands}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._connecting = ThreadPoolExecutor(CONNECTING_AT_ONCE, thread_name_prefix="simulator-connecting")
        self._happened = threading.Condition()
        self._waiters = 0
        self._rested_at = 0.0

    def start(self) -> None:
        self._thread.start()
        try:
            self.call(self._begin)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._thread.is_alive():
            self.call(self._end)
            # The loop still writes the last messages of the stations.
            deadline = time.monotonic() + 5
            while self.call(self._connected) and time.monotonic() < deadline:
                time.sleep(0.02)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._connecting.shutdown()
        self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def call(self, act: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Call a function in the simulator's own thread, and give its result here."""

        async def acting() -> Result:
            return act(*arguments, **named)

        return asyncio.run_coroutine_threadsafe(acting(), self._loop).result(timeout=30)

    def station(self, imei: str) -> StationHandle:
        return StationHandle(self, self.stations[imei])

    def __iter__(self) -> Iterator[StationHandle]:
        return (StationHandle(self, station) for station in self.stations.values())

    def wait_for(self, condition: Callable[[], object], timeout: float = 60.0) -> None:
        """Wait until `condition` holds. It is asked whenever something has happened."""
        deadline = time.monotonic() + timeout
        self._waiters += 1
        try:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"not so after {timeout} s")
                with self._happened:
                    self._happened.wait(min(left, 0.2))
        finally:
            self._waiters -= 1

    def wait_until_connected(self, timeout: float = 60.0) -> None:
        self.wait_for(lambda: self.call(self._connected) == len(self.stations), timeout)

    def counts(self) -> dict[str, int]:
        return self.call(self._counts)

    def move(self, serial: str, imei: str, slot: int | None = None) -> int:
        """Let a person carry a bank from wherever it is to a station, and give the slot."""
        return self.call(self._move, serial, imei, slot)

    def add_to_hands(self, serial: str, charge: float = 100.0) -> None:
        self.call(self.hands.__setitem__, serial, Bank(serial, charge))

    # What follows runs in the loop's thread.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _begin(self) -> None:
        remembered = memory.read_memory(self.keep_in)
        for spec in self.specs:
            station = FIRMWARE[spec.protocol](
                spec, pace=self.pace, seed=self.seed, dispense=self._dispense, changed=self._changed
            )
            self.stations[spec.imei] = station
            station.line = self._make_connection(station)
        memory.restore_banks(remembered, self.stations, self.hands)
        self._rested_at = self._loop.time()
        for station in self.stations.values():
            station.start(remembered.boot_ids.get(station.spec.imei, 0))
        if self.keep_in:
            self._keep()

    def _make_connection(self, station: Station) -> Connection:
        spec = station.spec
        json_v1 = isinstance(station, JsonStation)
        will = Will(f"stations/{spec.imei}/presence", b'{"online": false}') if json_v1 else None
        connection = Connection(
            self.address,
            username=spec.mqtt.username,
            password=spec.mqtt.password,
            subscribe=station.topics,
            keep_session=station.keeps_session and self.keep_sessions,
            will=will,
            loop=self._loop,
            connecting=self._connecting,
        )
        connection.on_up = station.connected
        connection.on_message = station.received
        return connection

    def _end(self) -> None:
        for station in self.stations.values():
            station.stop()
        self._keep_now()

    def _keep(self) -> None:
        self._keep_now()
        self._loop.call_later(KEEP_EVERY, self._keep)

    def _keep_now(self) -> None:
        if self.keep_in:
            self._rest_hands()
            memory.write_memory(self.keep_in, self.stations, self.hands)

    def _dispense(self, bank: Bank) -> None:
        self._rest_hands()
        self.hands[bank.serial] = bank

    def _rest_hands(self) -> None:
        now = self._loop.time()
        for bank in self.hands.values():
            bank.rest((now - self._rested_at) * self.pace.speed, charging=False)
        self._rested_at = now

    def _move(self, serial: str, imei: str, slot: int | None) -> int:
        target = self.stations.get(imei)
        if target is None:
            raise Impossible(f"There is no station {imei}.")
        self._rest_hands()
        place = next((one for one in self._places() if one[1].serial == serial), None)
        if place is None:
            raise Impossible(f"There is no bank {serial}.")
        source, bank, number = place
        # The slot is looked for before the bank is taken, so that the bank stays where it is if there is no room.
        target.cabinet.place_for(slot)
        if source is not None:
            source.take_by_hand(number)
        into = target.return_bank(bank, slot)
        self.hands.pop(serial, None)
        return into.number

    def _places(self) -> Iterator[tuple[Station | None, Bank, int]]:
        in_hands = ((None, bank, 0) for bank in self.hands.values())
        in_slots = (
            (station, slot.bank, slot.number)
            for station in self.stations.values()
            for slot in station.cabinet.slots.values()
            if slot.bank
        )
        return itertools.chain(in_hands, in_slots)

    def _connected(self) -> int:
        return sum(station.line.is_up for station in self.stations.values())

    def _counts(self) -> dict[str, int]:
        return {
            "stations": len(self.stations),
            "connected": self._connected(),
            "in_slots": sum(1 for station, _, _ in self._places() if station),
            "in_hands": len(self.hands),
            "messages": sum(station.messages for station in self.stations.values()),
        }

    def _changed(self) -> None:
        if self._waiters:
            with self._happened:
                self._happened.notify_all()
