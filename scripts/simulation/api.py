"""The simulator's JSON interface, for its page and for programs that drive it from another process."""

from collections.abc import Callable
from functools import wraps
from itertools import islice
from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.simulation.cabinet import Impossible
from scripts.simulation.faults import FAULTS
from scripts.simulation.handle import StationHandle, as_json
from scripts.simulation.simulator import Simulator

Answer = Response | tuple[Response, int] | tuple[str, int]

PAGE = 24
TRAFFIC = 30


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SlotWanted(Body):
    slot: int


class ReturnWanted(Body):
    serial: str
    slot: int | None = None


class MoveWanted(Body):
    imei: str
    slot: int | None = None


class FaultWanted(Body):
    fault: str
    times: int | None = None
    rate: float = 1.0
    seconds: float | None = None


class ListWanted(BaseModel):
    q: str = ""
    limit: int = Field(default=PAGE, ge=1, le=200)
    offset: int = Field(default=0, ge=0)


def blueprint(simulator: Simulator) -> Blueprint:
    routes = Blueprint("api", __name__, url_prefix="/api")

    def on_station(view: Callable[[StationHandle], Answer]) -> Callable[[str], Answer]:
        @wraps(view)
        def found(imei: str) -> Answer:
            if imei not in simulator.stations:
                return refuse(f"There is no station {imei}.", 404)
            return view(simulator.station(imei))

        return found

    @routes.get("/state")
    def state() -> Answer:
        return jsonify(**simulator.counts(), broker=f"{simulator.address.host}:{simulator.address.port}")

    @routes.get("/faults")
    def faults() -> Answer:
        return jsonify(items=[{"fault": name, **fault._asdict()} for name, fault in FAULTS.items()])

    @routes.get("/stations")
    def stations() -> Answer:
        wanted = ListWanted.model_validate(request.args.to_dict())
        found = [station for station in simulator if _matches(station, wanted.q)]
        shown = islice(found, wanted.offset, wanted.offset + wanted.limit)
        return jsonify(total=len(found), items=[station.state() for station in shown])

    @routes.get("/stations/<imei>")
    @on_station
    def station(station: StationHandle) -> Answer:
        return jsonify(station.state(traffic=TRAFFIC))

    @routes.post("/stations/<imei>/eject")
    @on_station
    def eject(station: StationHandle) -> Answer:
        return jsonify(serial=station.take_by_hand(SlotWanted.model_validate(request.get_json()).slot))

    @routes.post("/stations/<imei>/return")
    @on_station
    def return_bank(station: StationHandle) -> Answer:
        wanted = ReturnWanted.model_validate(request.get_json())
        return jsonify(slot=station.return_bank(wanted.serial, wanted.slot))

    @routes.post("/stations/<imei>/faults")
    @on_station
    def set_fault(station: StationHandle) -> Answer:
        wanted = FaultWanted.model_validate(request.get_json())
        station.fault(wanted.fault, times=wanted.times, rate=wanted.rate, seconds=wanted.seconds)
        return jsonify(station.state())

    @routes.delete("/stations/<imei>/faults")
    @on_station
    def clear_faults(station: StationHandle) -> Answer:
        station.clear_faults(request.args.get("fault"))
        return "", 204

    @routes.get("/banks")
    def banks() -> Answer:
        """List the banks that somebody has."""
        hands = simulator.call(lambda: [as_json(bank) for bank in simulator.hands.values()])
        return jsonify(items=hands)

    @routes.post("/banks/<serial>/move")
    def move(serial: str) -> Answer:
        wanted = MoveWanted.model_validate(request.get_json())
        return jsonify(slot=simulator.move(serial, wanted.imei, wanted.slot))

    @routes.errorhandler(ValidationError)
    def invalid(wrong: ValidationError) -> Answer:
        return refuse(wrong.errors(include_url=False, include_context=False, include_input=False))

    @routes.errorhandler(Impossible)
    def impossible(wrong: Impossible) -> Answer:
        return refuse(str(wrong), 409)

    @routes.errorhandler(ValueError)
    def nonsense(wrong: ValueError) -> Answer:
        return refuse(str(wrong))

    return routes


def refuse(reason: Any, status: int = 400) -> tuple[Response, int]:
    return jsonify(error=reason), status


def _matches(station: StationHandle, text: str) -> bool:
    text = text.strip().lower()
    spec = station.spec
    return not text or any(text in name.lower() for name in (spec.sn, spec.imei, spec.protocol))
