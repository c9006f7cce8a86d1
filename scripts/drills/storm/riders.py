"""Riders, each a thread: they rent, extend, change their minds, keep a bank for too long, bring it back elsewhere, and
pay what they owe."""

import threading
import time
from typing import Any

from scripts.drills.storm.journal import Accepted, Journal, Wait, now
from scripts.drills.storm.network import HOUR, METERED, MINUTE, Network
from scripts.drills.storm.person import Person

BEGINNING = ("pending", "ejecting", "unresolved")
OUT = ("active", "overdue")
OVER = ("completed", "cancelled", "failed", "lost")
TRIPS_OF_ONE_PERSON = 4
LEAST_BALANCE = 120
EJECTED_WITHIN, COMPLETED_WITHIN = 300.0, 300.0
LONG_POLL = 5  # seconds
PAST_DUE = 64.0  # seconds; the shortest package lasts a minute


class Rider(threading.Thread):
    def __init__(self, person: Person, network: Network, *, number: int) -> None:
        super().__init__(name=f"rider {number}", daemon=True)
        self._person, self._network, self._dice = person, network, person.dice
        self._journal: Journal = person.journal

    def run(self) -> None:
        while not self._person.over.is_set():
            try:
                self._a_persons_life()
            except Exception as error:  # a rider who trips must not end the storm, nor be overlooked
                self._journal.note(f"{type(error).__name__} in {self.name}: {error}")
                time.sleep(1)

    def end(self) -> None:
        """Nothing new is begun; what is under way is waited for."""
        self._person.over.set()

    def _a_persons_life(self) -> None:
        person = self._person
        if not person.join():
            return
        for _ in range(TRIPS_OF_ONE_PERSON):
            if person.over.is_set():
                return
            if person.balance() < LEAST_BALANCE:
                person.top_up()
            if self._dice.random() < 0.2:
                person.ask_for_a_refund()
            self._trip()
            time.sleep(self._dice.uniform(0.5, 2))

    def _trip(self) -> None:
        dice = self._dice
        spec = self._network.station_with_banks(dice)
        package = dice.choices((MINUTE, HOUR, METERED), weights=(4, 4, 2))[0]
        body = {
            "station_sn": spec.sn,
            "package_id": self._network.packages[package],
            "payment_method": dice.choices(("wallet_only", "combination"), weights=(4, 1))[0],
        }
        began = now()
        begun = self._person.promise("rental", "/api/rentals/initiate", body, "rental_id")
        if begun is None:
            return
        path = f"/api/rentals/{begun['rental_id']}"
        card = self._until(path, "start until ejected", began, EJECTED_WITHIN, unless=BEGINNING, station=spec.imei)
        if card is None or card["status"] not in OUT:
            return
        self._ride(path, package)
        card = self._bring_back(path)
        if card is not None and float(card["due_amount"]) > 0:
            self._pay_due(path)

    def _ride(self, path: str, package: str) -> None:
        way = self._dice.choices(("back", "extends", "regrets", "is late"), weights=(12, 3, 2, 1))[0]
        time.sleep(PAST_DUE if way == "is late" else self._dice.uniform(1, 6))
        if way == "extends":
            body = {"package_id": self._network.packages[package]}
            reply, key = self._person.once("extension", f"{path}/extend", body)
            if reply.accepted:
                self._journal.note(Accepted("extension", self._person.id, path.rpartition("/")[2], key))
        elif way == "regrets":
            self._person.client.post(f"{path}/cancel")

    def _bring_back(self, path: str) -> dict[str, Any] | None:
        """Puts the bank in somewhere and looks until the rental is over; whoever has none in their hands looks on."""
        until = now() + COMPLETED_WITHIN
        while now() < until:
            card = self._person.client.get(path).body
            if card.get("status") in OVER:
                return card
            serial = card.get("powerbank_sn", "")
            began = now()
            station = self._network.put_back(serial, self._dice) if card.get("status") in OUT else None
            if station is not None:
                return self._until(
                    path, "return until completed", began, COMPLETED_WITHIN, unless=(*BEGINNING, *OUT), station=station
                )
            time.sleep(2)
        self._journal.note(Wait("return until completed", until - COMPLETED_WITHIN, None, path))
        return None

    def _pay_due(self, path: str) -> None:
        """What the next top-up does not collect by itself."""
        reply, key = self._person.once("due", f"{path}/pay-due", {"payment_method": "wallet_only"})
        if reply.accepted:
            self._journal.note(Accepted("due", self._person.id, path.rpartition("/")[2], key))
        elif reply.code == "insufficient_funds":
            self._person.top_up()

    def _until(
        self, path: str, what: str, began: float, within: float, *, unless: tuple[str, ...], station: str
    ) -> dict[str, Any] | None:
        """The rental's card, once its status is another; each answer asks for the next change."""
        since = 0

        def look() -> dict[str, Any] | None:
            nonlocal since
            reply = self._person.client.ask("GET", path, query={"wait": LONG_POLL, "since": since}, patience=0)
            since = int(reply.body.get("version", since))
            return reply.body if reply.accepted and reply.body["status"] not in unless else None

        return self._person.wait(what, path, look, began=began, within=within, station=station)  # type: ignore[no-any-return]
