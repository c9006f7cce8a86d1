"""What there is to rent: stations, power banks and packages, registered by staff over the API, and the cabinets that
play the stations."""

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.simulation import Simulator, StationSpec, generate
from scripts.simulation.cabinet import Impossible
from scripts.simulation.specs import Credentials
from scripts.simulation.station import Pace

STATIONS, OF_VOLINKS = 12, 3
HEARTBEAT = 10.0  # seconds; real cabinets need 30 s or nine minutes, and what a snapshot settles takes so much longer
SEATED_WITHIN = 60.0
CONFIGURATION = {"kyc_required": False, "postpaid_deposit": "20.00", "points_signup": 0}
PACKAGES = (
    {"name": "A minute", "duration_minutes": 1, "price": "20.00", "payment_model": "prepaid"},
    {"name": "An hour", "duration_minutes": 60, "price": "40.00", "payment_model": "prepaid"},
    {
        "name": "By the minute",
        "duration_minutes": 60,
        "price": "0.00",
        "payment_model": "postpaid",
        "unit_minutes": 1,
        "unit_price": "60.00",
    },
)
MINUTE, HOUR, METERED = "A minute", "An hour", "By the minute"


class Staff(Protocol):
    """Whoever may register what there is."""

    def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Return the answer; a refusal raises."""


@dataclass
class Network:
    simulator: Simulator
    specs: list[StationSpec]
    packages: dict[str, str]  # ids by name

    def station_with_banks(self, dice: random.Random) -> StationSpec:
        """Whoever rents walks to a station that has something to rent."""
        ready = [spec for spec in self.specs if self.is_up(spec.imei) and len(self.serials(spec.imei)) > 1]
        return dice.choice(ready or self.specs)

    def is_up(self, imei: str) -> bool:
        return self.simulator.station(imei).is_up

    def serials(self, imei: str) -> dict[int, str]:
        return self.simulator.station(imei).serials

    def put_back(self, serial: str, dice: random.Random) -> str | None:
        """Into any station with room. Its imei, or nothing if the bank is in nobody's hands or no station takes it."""
        for spec in dice.sample(self.specs, len(self.specs)):
            if serial not in self.simulator.hands:
                return None
            if self.is_up(spec.imei) and len(self.serials(spec.imei)) < spec.slots:
                try:
                    self.simulator.station(spec.imei).return_bank(serial)
                except Impossible:
                    continue  # somebody else was quicker
                return spec.imei
        return None

    def bring_everything_back(self, dice: random.Random) -> None:
        for serial in list(self.simulator.hands):
            self.put_back(serial, dice)

    def behave(self) -> None:
        """All stations do from now on what they are told, and their clocks are right."""
        for station in self.simulator:
            station.clear_faults()
            station.fault("clock_skew", times=1, seconds=0)

    def places(self) -> dict[str, tuple[str, int] | None]:
        """Where each bank is in truth: station and slot, or None for one that somebody has."""
        found: dict[str, tuple[str, int] | None] = dict.fromkeys(self.simulator.hands)
        for spec in self.specs:
            found |= {serial: (spec.imei, slot) for slot, serial in self.serials(spec.imei).items()}
        return found


def register_network(staff: Staff) -> tuple[list[StationSpec], dict[str, str]]:
    """The stations with the credentials that their registration gave them, and the packages."""
    for key, value in CONFIGURATION.items():
        staff.done("PATCH", f"/api/admin/config/{key}", {"value": value})
    wanted = generate(STATIONS - OF_VOLINKS, seed=1).stations
    wanted += generate(OF_VOLINKS, protocol="volinks-v1", seed=2).stations
    specs = [_registered(staff, spec) for spec in wanted]
    staff.done("POST", "/api/admin/powerbanks", {"serials": [serial for spec in specs for serial in spec.serials]})
    packages = {str(each["name"]): staff.done("POST", "/api/admin/packages", each)["id"] for each in PACKAGES}
    return specs, packages


def _registered(staff: Staff, spec: StationSpec) -> StationSpec:
    body = {
        "sn": spec.sn,
        "imei": spec.imei,
        "name": spec.sn,
        "address": "Thamel Marg",
        "city": "Kathmandu",
        "lat": 27.7,
        "lng": 85.3,
        "protocol": spec.protocol,
        "slots": spec.slots,
    }
    made = staff.done("POST", "/api/admin/stations", body)["mqtt"]
    return spec.model_copy(update={"mqtt": Credentials(username=made["username"], password=made["password"])})


def make_simulator(broker_url: str, specs: list[StationSpec], *, seed: int, folder: Path) -> Simulator:
    pace = Pace(heartbeat=HEARTBEAT, eject=0.3, reboot=1.0)
    return Simulator(broker_url, specs, pace=pace, seed=seed, keep_in=folder / "simulator-storm.json")


def _explain_missing(staff: Staff, specs: list[StationSpec], shown: list[dict[str, Any]]) -> str:
    """Tell what the database knows of the stations and the banks that are missing."""
    banks = {spec.sn: len(spec.serials) for spec in specs}
    stations = [
        staff.done("GET", f"/api/admin/stations/{each['sn']}")
        for each in shown
        if each["available_banks"] < banks.get(each["sn"], 0)
    ]
    away = [each for each in staff.done("GET", "/api/admin/powerbanks?limit=100")["items"] if each["place"] != "slot"]
    return json.dumps({"stations": stations, "banks": away})


def wait_until_seated(staff: Staff, specs: list[StationSpec], *, within: float = SEATED_WITHIN) -> None:
    """The database has every bank in its slot, and has heard of every station: what is rented from then on is there."""
    wanted = sum(len(spec.serials) for spec in specs)
    deadline = time.monotonic() + within
    while True:
        shown = staff.done("GET", "/api/admin/stations?limit=100")["items"]
        known = sum(each["available_banks"] for each in shown)
        silent = [each["sn"] for each in shown if each["status"] != "online"]
        if known == wanted and not silent:
            return
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"After {within:.0f} s the database has {known} of {wanted} banks in their slots, and heard nothing of"
                f" {silent or 'no station'}. {_explain_missing(staff, specs, shown)}"
            )
        time.sleep(0.5)
