"""Remember boot ids, and where the banks are, from one run of the simulator to the next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.simulation.cabinet import Bank
from scripts.simulation.station import Station


@dataclass
class Memory:
    boot_ids: dict[str, int] = field(default_factory=dict)
    # Where each bank was, with its charge: station and slot, or neither for a bank that somebody had.
    places: dict[str, tuple[str | None, int, float]] = field(default_factory=dict)


def read_memory(path: Path | None) -> Memory:
    if path is None or not path.exists():
        return Memory()
    found = json.loads(path.read_text())
    return Memory(found["boot_ids"], {serial: tuple(place) for serial, place in found["places"].items()})


def write_memory(path: Path, stations: Mapping[str, Station], hands: Mapping[str, Bank]) -> None:
    places: dict[str, tuple[str | None, int, float]] = {
        bank.serial: (None, 0, round(bank.charge, 1)) for bank in hands.values()
    }
    for imei, station in stations.items():
        for slot in station.cabinet.slots.values():
            if slot.bank:
                places[slot.bank.serial] = (imei, slot.number, round(slot.bank.charge, 1))
    new = path.with_suffix(".new")
    boot_ids = {imei: station.boot_id for imei, station in stations.items()}
    new.write_text(json.dumps({"boot_ids": boot_ids, "places": places}))
    new.replace(path)


def restore_banks(remembered: Memory, stations: Mapping[str, Station], hands: dict[str, Bank]) -> None:
    """Put each bank where it was. A bank that is new to this run stays where the network's file has it."""
    for station in stations.values():
        for slot in station.cabinet.slots.values():
            if slot.bank and slot.bank.serial in remembered.places:
                slot.bank = None
    for serial, (imei, number, charge) in remembered.places.items():
        hands.pop(serial, None)
        there = stations.get(imei) if imei else None
        place = there.cabinet.slots.get(number) if there is not None else None
        if place is None or place.bank is not None:
            hands[serial] = Bank(serial, charge)
        else:
            place.bank = Bank(serial, charge)
