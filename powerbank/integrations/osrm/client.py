"""How long ways on real roads are, asked of an OSRM server. Somebody waits for the answer, so it has to come soon."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from powerbank.integrations.errors import VendorError
from powerbank.integrations.http import Http

TIMEOUT = (0.3, 0.7)
Row = list[int]


@dataclass(frozen=True)
class Table:
    """The ways from each place to each other, in seconds and in metres."""

    seconds: list[Row]
    metres: list[Row]


class Osrm:
    def __init__(self, *, url: str) -> None:
        self._url = f"{url.rstrip('/')}/table/v1/driving"
        self._http = Http("OSRM")

    def measure_ways(self, places: Sequence[tuple[float, float]]) -> Table:
        """Measure the ways between places, each given as latitude and longitude. OSRM writes the longitude first."""
        written = ";".join(f"{lng:.6f},{lat:.6f}" for lat, lng in places)
        asked = {"annotations": "duration,distance"}
        answer = self._http.send("GET", f"{self._url}/{written}", params=asked, timeout=TIMEOUT)
        body = answer.object()
        if answer.status != 200 or body.get("code") != "Ok":
            raise VendorError(f"OSRM: {answer.status} {str(body.get('code'))[:40]}")
        count = len(places)
        return Table(_read(body.get("durations"), count), _read(body.get("distances"), count))


def _read(rows: Any, count: int) -> list[Row]:
    """Read a square of numbers. A place that no road reaches has no way, and then the table is of no use."""
    try:
        found = [[round(float(way)) for way in row] for row in rows]
    except (TypeError, ValueError, OverflowError):
        raise VendorError("OSRM: a way that is no number") from None
    if len(found) != count or any(len(row) != count or min(row) < 0 for row in found):
        raise VendorError("OSRM: a table of another size")
    return found
