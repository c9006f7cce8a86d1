"""Which stations are simulated, in the form in which the registration of a station answers."""

import random
from collections import Counter
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Protocol = Literal["json-v1", "volinks-v1"]


class Credentials(BaseModel):
    username: str
    password: str


class StationSpec(BaseModel):
    """A station as it was registered, and the serials of the banks that are in it at first."""

    model_config = ConfigDict(extra="ignore")

    sn: str
    imei: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    protocol: Protocol = "json-v1"
    slots: int = Field(default=8, ge=1, le=100)
    mqtt: Credentials
    serials: list[str] = []
    firmware: str = "1.0.0"

    @model_validator(mode="after")
    def possible(self) -> Self:
        if len(self.serials) > self.slots:
            raise ValueError(f"{self.imei}: more banks than slots")
        if self.protocol == "volinks-v1":
            if self.slots % 4:
                raise ValueError(f"{self.imei}: cabinets of volinks-v1 have their holes in fours")
            if not all(serial.isdigit() and 0 < int(serial) < 2**32 for serial in self.serials):
                raise ValueError(f"{self.imei}: serials of volinks-v1 are numbers of four bytes")
        return self


class Network(BaseModel):
    """What a run is given: stations, and banks that people have."""

    model_config = ConfigDict(extra="ignore")

    stations: list[StationSpec]
    hands: list[str] = []

    @model_validator(mode="after")
    def possible(self) -> Self:
        imeis = [station.imei for station in self.stations]
        serials = [*self.hands, *(serial for station in self.stations for serial in station.serials)]
        for kind, all_of_them in (("station", imeis), ("bank", serials)):
            twice = [name for name, count in Counter(all_of_them).items() if count > 1]
            if twice:
                raise ValueError(f"{kind} {twice[0]} is given twice")
        return self


def generate(count: int, *, protocol: Protocol = "json-v1", slots: int = 8, filled: int = 5, seed: int = 0) -> Network:
    """Make up so many stations, the same ones for the same seed. Their credentials are for loopback use only."""
    dice = random.Random(f"network {seed}")  # noqa: S311  # nothing here is secret
    first_imei = 860_000_000_000_000 + seed * 1_000_000
    stations = []
    for number in range(count):
        imei = str(first_imei + number)
        serials = [str(80_000_000 + seed * 10_000_000 + number * slots + place) for place in range(min(filled, slots))]
        password = f"{dice.getrandbits(64):016x}"
        stations.append(
            StationSpec(
                sn=f"ST{seed:02d}{number:05d}",
                imei=imei,
                protocol=protocol,
                slots=slots,
                mqtt=Credentials(username=imei, password=password),
                serials=serials,
            )
        )
    return Network(stations=stations)
