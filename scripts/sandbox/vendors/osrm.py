"""OSRM's table service: every way is half as long again as the line through the air, at 30 km/h.

Ways uphill, to the north, take a fifth longer: so a table that is read the wrong way round is noticed.
"""

import math

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.vendor import Vendor, World

MOST = 100


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("osrm", __name__, url_prefix="/osrm")

    @routes.get("/table/v1/driving/<places>")
    def table(places: str) -> tuple[Response, int]:
        try:
            found = [_read(each) for each in places.split(";")]
        except ValueError:
            return jsonify(code="InvalidQuery", message="Query string malformed close to position 0"), 400
        if len(found) > MOST:
            return jsonify(code="TooBig", message="Too many table coordinates"), 400
        fault = VENDOR.take_own(world, [places])
        if fault is not None and fault.fault == "no_segment":
            return jsonify(code="NoSegment", message="Could not find a matching segment for coordinate 0"), 400
        metres = [[_metres(one, other) for other in found] for one in found]
        seconds: list[list[float | None]] = [
            [
                round(way / (30 / 3.6) * (1.2 if other[1] > one[1] else 1), 1)
                for other, way in zip(found, row, strict=True)
            ]
            for one, row in zip(found, metres, strict=True)
        ]
        if fault is not None and fault.fault == "no_way":
            seconds[0][-1] = None
        asked = request.args.get("annotations", "duration").split(",")
        answer: dict[str, object] = {"code": "Ok", "sources": [], "destinations": []}
        answer |= {"durations": seconds} if "duration" in asked else {}
        answer |= {"distances": metres} if "distance" in asked else {}
        return jsonify(answer), 200

    return routes


def _read(written: str) -> tuple[float, float]:
    lng, lat = (float(each) for each in written.split(","))
    if not (-180 <= lng <= 180 and -90 <= lat <= 90):
        raise ValueError(written)
    return lng, lat


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = math.radians(other[0] - one[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    north = math.radians(other[1] - one[1])
    return round(math.hypot(east, north) * 6_371_000 * 1.5, 1)


VENDOR = Vendor(
    name="osrm",
    title="OSRM, ways on roads",
    faults={
        "no_segment": "no road is near the first place",
        "no_way": "no road leads from the first place to the last",
    },
    how_to_reach=lambda world: {"base": f"{world.url}/osrm"},
    blueprint=blueprint,
)
