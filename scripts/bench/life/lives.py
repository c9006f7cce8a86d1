"""Lives of rentals at a fixed rate: a person starts a rental, takes the power bank, and brings it back elsewhere."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

from powerbank.auth.tokens import Tokens
from scripts.bench.parts.rentals.network import WEB_PORT
from scripts.simulation import Simulator, StationSpec
from scripts.simulation.cabinet import Impossible

KEPT = 3.0  # seconds that a person keeps a power bank
LOOK_EVERY = 0.25  # seconds between two looks at what people have in their hands


class Riders:
    """People who rent one after the other, so that nobody has two open rentals at once."""

    def __init__(self, simulator: Simulator, specs: list[StationSpec], tokens: Sequence[Tokens], package: str) -> None:
        self._simulator, self._specs, self._tokens, self._package = simulator, specs, tokens, package
        self._dice = random.Random(3)  # noqa: S311 (not a secret)
        self._next = 0
        self._guard = threading.Lock()
        self.answers: Counter[str] = Counter()

    def live(self, count: int, rate: float, *, until: Callable[[], None]) -> None:
        """Start so many rentals at this rate, and bring power banks back until `until` returns."""
        began = time.monotonic() + 0.5
        with self._bringing_back():
            with ThreadPoolExecutor(max_workers=16) as pool:
                list(pool.map(lambda number: self._start(began + number / rate), range(count)))
            until()

    def _start(self, at: float) -> None:
        time.sleep(max(0.0, at - time.monotonic()))
        with self._guard:
            number, self._next = self._next, self._next + 1
            station = self._dice.choice(self._specs)
        body = {"station_sn": station.sn, "package_id": self._package, "payment_method": "wallet_only"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{WEB_PORT}/api/rentals/initiate",
            data=json.dumps(body).encode(),
            method="POST",
            headers={
                "Authorization": f"Bearer {self._tokens[number % len(self._tokens)].access_token}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid4()),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (the address is ours)
                outcome = str(answer.status)
        except urllib.error.HTTPError as refused:
            outcome = json.load(refused).get("code", str(refused.code))
        with self._guard:
            self.answers[outcome] += 1

    @contextmanager
    def _bringing_back(self) -> Iterator[None]:
        over = threading.Event()
        carrier = threading.Thread(target=self._bring_back, args=(over,), name="bringing back")
        carrier.start()
        try:
            yield
        finally:
            over.set()
            carrier.join()

    def _bring_back(self, over: threading.Event) -> None:
        taken_at: dict[str, float] = {}
        while not over.wait(LOOK_EVERY):
            now = time.monotonic()
            in_hands: list[str] = self._simulator.call(list, self._simulator.hands)
            taken_at = {serial: taken_at.get(serial, now) for serial in in_hands}
            for serial, since in taken_at.items():
                if now - since >= KEPT:
                    self._put_into_some_slot(serial)

    def _put_into_some_slot(self, serial: str) -> None:
        for spec in self._dice.sample(self._specs, 10):
            try:
                self._simulator.move(serial, spec.imei)
            except Impossible:
                continue  # this station is full
            return
