"""The hardware of a simulated station: slots, and power banks that charge in them and drain elsewhere."""

import random
from dataclasses import dataclass, field

CHARGE_PER_SECOND = 100 / (2 * 3600)
DRAIN_PER_SECOND = 100 / (4 * 3600)


class Impossible(Exception):  # noqa: N818  # it is no error of the program
    """Something that hands cannot do: put a bank into a full slot, or take one out of an empty slot."""


@dataclass
class Bank:
    serial: str
    charge: float = 100.0
    temperature: float = 25.0
    readable: bool = True

    def rest(self, seconds: float, *, charging: bool) -> None:
        if charging:
            self.charge = min(100.0, self.charge + seconds * CHARGE_PER_SECOND)
            self.temperature = 25.0 + (8.0 if self.charge < 100 else 1.0)
        else:
            self.charge = max(0.0, self.charge - seconds * DRAIN_PER_SECOND)
            self.temperature = 25.0


@dataclass
class Slot:
    number: int
    bank: Bank | None = None
    locked: bool = False
    faulty: bool = False

    @property
    def works(self) -> str:
        if self.faulty:
            return "faulty"
        return "locked" if self.locked else "ok"


@dataclass
class Cabinet:
    slots: dict[int, Slot] = field(default_factory=dict)

    @classmethod
    def of(cls, count: int, serials: list[str], dice: random.Random) -> "Cabinet":
        cabinet = cls({number: Slot(number) for number in range(1, count + 1)})
        for number, serial in enumerate(serials, start=1):
            cabinet.slots[number].bank = Bank(serial, charge=round(dice.uniform(35, 100), 1))
        return cabinet

    def slot(self, number: int) -> Slot:
        if number not in self.slots:
            raise Impossible(f"There is no slot {number}.")
        return self.slots[number]

    def find(self, serial: str) -> Slot | None:
        return next((slot for slot in self.slots.values() if slot.bank and slot.bank.serial == serial), None)

    def free_slot(self) -> Slot:
        found = next((slot for slot in self.slots.values() if slot.bank is None and slot.works == "ok"), None)
        if found is None:
            raise Impossible("The station is full.")
        return found

    def place_for(self, number: int | None) -> Slot:
        """Find the slot into which a bank can be put: this one, or any that is free."""
        slot = self.free_slot() if number is None else self.slot(number)
        if slot.bank is not None:
            raise Impossible(f"Slot {slot.number} is taken.")
        if slot.works != "ok":
            raise Impossible(f"Slot {slot.number} is {slot.works}.")
        return slot

    def put(self, bank: Bank, number: int | None) -> Slot:
        slot = self.place_for(number)
        slot.bank = bank
        return slot

    def take(self, number: int) -> Bank:
        slot = self.slot(number)
        if slot.bank is None:
            raise Impossible(f"Slot {number} is empty.")
        bank, slot.bank = slot.bank, None
        bank.readable = True
        return bank

    def rest(self, seconds: float) -> None:
        for slot in self.slots.values():
            if slot.bank:
                slot.bank.rest(seconds, charging=not slot.faulty)
