"""The stations of the past fortnight: what they said then, word by word, is applied as the daemon applies it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session, utcnow
from powerbank.integrations.mqtt.publisher import Publisher
from powerbank.stations.availability import presence
from powerbank.stations.custody import registration
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages import services as messages
from powerbank.stations.messages.message import ReceivedMessage, StationDirectory
from powerbank.stations.models import Station
from powerbank.stations.registry import queries, services

SLOTS = 8
BANKS_EACH = 6
FIRST_SERIAL = 86_000_001
STRANGE_SERIAL = "99000417"  # nobody registered this power bank
PLACES = (
    ("Lakeside Baidam", "Baidam Road", "Pokhara", 28.20940, 83.95760),
    ("Pokhara Airport", "Airport Road", "Pokhara", 28.19960, 83.97830),
    ("Mahendrapul", "Chipledhunga", "Pokhara", 28.22040, 83.98770),
    ("Damside", "Pardi", "Pokhara", 28.19510, 83.96480),
    ("Bharatpur Hospital", "Hospital Road", "Bharatpur", 27.68250, 84.43140),
    ("Sauraha Chowk", "Sauraha", "Bharatpur", 27.57460, 84.49350),
    ("Narayangadh", "Pulchowk", "Bharatpur", 27.70010, 84.42470),
    ("Butwal Traffic Chowk", "Siddhartha Highway", "Butwal", 27.70060, 83.44840),
    ("Lumbini Gate", "Lumbini", "Lumbini", 27.48330, 83.27600),
    ("Biratnagar Main Road", "Main Road", "Biratnagar", 26.45250, 87.27180),
)
NUMBERS = tuple(f"NEP-{number:03d}" for number in range(1, len(PLACES) + 1))
IN_TROUBLE = NUMBERS[6]


@dataclass
class Cabinet:
    """A station of `json-v1`, which knows of itself what the database does."""

    id: UUID
    sn: str
    imei: str
    city: str

    @property
    def slots(self) -> dict[int, tuple[str, int] | None]:
        return {
            slot.number: (slot.bank_serial, slot.charge or 0) if slot.bank_serial else None
            for slot in queries.list_slots(self.id)
        }

    @property
    def free_slot(self) -> int | None:
        return next((number for number, held in self.slots.items() if held is None), None)

    @property
    def free_slots(self) -> int:
        return sum(held is None for held in self.slots.values())

    def be_there(self) -> None:
        """Be online now: a station that is away hands out nothing, and people rent at it in the past."""
        presence.record_presence(message_queries.lock_station_state(self.id), online=True, at=utcnow())

    def be_away(self) -> None:
        presence.record_presence(message_queries.lock_station_state(self.id), online=False, at=utcnow())

    def show(self, slots: dict[int, tuple[str, int] | None], *, at: datetime) -> None:
        shown = [
            {"slot_number": number, "status": "ok", "powerbank_sn": held[0], "battery_level": held[1]}
            if held
            else {"slot_number": number, "status": "ok", "powerbank_sn": None}
            for number, held in slots.items()
        ]
        self._say("heartbeat", {"status": "online", "slots": shown}, at)

    def answer(self, command_id: UUID, *, slot: int, serial: str, at: datetime) -> None:
        """Say that an ejection succeeded."""
        self._say(f"responses/{command_id}", {"success": True, "slot_number": slot, "powerbank_sn": serial}, at)

    def take_back(self, serial: str, *, slot: int, charge: int, at: datetime) -> None:
        seq = self._next_seq()
        body = {"event_id": f"1-{seq}", "type": "returned", "slot_number": slot}
        self._say("events", body | {"powerbank_sn": serial, "battery_level": charge}, at)

    def _next_seq(self) -> int:
        return (message_queries.lock_station_state(self.id).seq or 0) + 1

    def _say(self, kind: str, body: dict[str, Any], at: datetime) -> None:
        numbers = {"boot_id": 1, "seq": self._next_seq(), "ts": at.isoformat()}
        received = ReceivedMessage(f"stations/{self.imei}/{kind}", json.dumps(numbers | body).encode(), at)
        batch = messages.decode_batch([received], StationDirectory(), now=at)
        messages.apply_messages(batch.by_station[self.id], now=at)


class Silence(Publisher):
    """Sends nothing: the station of the past has heard the command already."""

    def send(self, topic: str, payload: bytes, *, qos: int, wait: float = 0.0) -> bool:
        return True


def register_cabinets(*, now: datetime) -> None:
    """Register the stations and their power banks, and let their first snapshots seat them."""
    facts = [
        {
            "sn": sn,
            "imei": f"8605880500{number:05d}",
            "name": name,
            "address": address,
            "city": city,
            "lat": lat,
            "lng": lng,
            "slots": SLOTS,
            "protocol": "json-v1",
        }
        for number, (sn, (name, address, city, lat, lng)) in enumerate(zip(NUMBERS, PLACES, strict=True), start=1)
    ]
    services.register_stations(facts, now=now)
    serials = [str(FIRST_SERIAL + number) for number in range(len(PLACES) * BANKS_EACH)]
    registration.register_banks(serials=serials, model="PB-5000", now=now)
    for number, cabinet in enumerate(find_cabinets()):
        own = serials[number * BANKS_EACH : (number + 1) * BANKS_EACH]
        seated = dict(enumerate([(serial, 92) for serial in own], start=1))
        cabinet.show({slot: seated.get(slot) for slot in range(1, SLOTS + 1)}, at=now)


def find_cabinets() -> list[Cabinet]:
    stations = open_session().scalars(select(Station).where(Station.sn.in_(NUMBERS)).order_by(Station.sn))
    return [Cabinet(each.id, each.sn, each.imei, each.city) for each in stations]
