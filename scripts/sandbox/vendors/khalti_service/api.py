"""Khalti's Service API: money for wallets from a credit that was paid before."""

import threading
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.misbehaving import HANG_SECONDS, closed
from scripts.sandbox.vendor import Vendor, World, from_anywhere

CREDIT = Decimal(10_000_000)
# What an order is each time that it is told, until the last one.
COURSES = {
    "processing_then_success": ["Processing", "Success"],
    "processing_then_failed": ["Processing", "Failed"],
    "stays_processing": ["Processing"],
    "says_nonsense": ["Pondering"],
}
REFUSALS = {
    "no_such_user": ("4000", "User does not exist."),
    "no_credit": ("1016", "Insufficient balance."),
}


@dataclass
class Load:
    number: int
    reference: str
    amount: Decimal
    states: list[str]

    def say(self) -> str:
        """Say the state, and go on to the next one."""
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


class Loads:
    """What was ordered, by reference: a reference is taken once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Load] = {}

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def add(self, reference: str, amount: Decimal, states: list[str]) -> Load | None:
        with self._lock:
            if reference in self._kept:
                return None
            load = self._kept[reference] = Load(len(self._kept) + 1, reference, amount, list(states))
            return load

    def find(self, reference: str) -> Load | None:
        return self._kept.get(reference)

    def paid(self) -> Decimal:
        with self._lock:
            return sum((load.amount for load in self._kept.values() if load.states[-1] == "Success"), Decimal(0))


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("khalti_service", __name__, url_prefix="/khalti-service/api")
    loads = Loads()
    world.on_reset.append(loads.clear)

    @routes.before_request
    def authenticate() -> Any:
        given = request.args if request.method == "GET" else request.get_json(silent=True) or {}
        return None if given.get("token") == world.accounts.khalti_service_token else refused("1001", "Invalid token.")

    @routes.post("/use/khalti-topup/")
    def load_wallet() -> Any:
        given = request.get_json()
        try:
            amount = Decimal(str(given["amount"]))
        except (KeyError, InvalidOperation):
            return refused("1010", "Amount is invalid.")
        fault = VENDOR.take_own(world, from_anywhere())
        name = fault.fault if fault else ""
        if name in REFUSALS:
            return refused(*REFUSALS[name])
        load = None
        if name != "timeout_not_taken":
            load = loads.add(str(given.get("reference")), amount, COURSES.get(name, ["Success"]))
            if load is None:
                return refused("1013", "Duplicate reference.")
        if load is None or name == "timeout_after_taking":
            world.wait(HANG_SECONDS if fault is None or fault.seconds is None else fault.seconds)
            return closed()
        return said(load)

    @routes.get("/service/status/")
    def status() -> Any:
        load = loads.find(request.args.get("reference", ""))
        return refused("4004", "Not found.", 404) if load is None else said(load)

    @routes.get("/balance/")
    def balance() -> Response:
        return jsonify(balance=str(CREDIT - loads.paid()))

    return routes


def refused(code: str, detail: str, status: int = 400) -> tuple[Response, int]:
    return jsonify(status=False, error_code=code, detail=detail, message=detail), status


def said(load: Load) -> Response:
    state = load.say()
    return jsonify(id=load.number, status=True, state=state, reference=load.reference, detail=f"{state}.", message="")


def reach(world: World) -> dict[str, str]:
    return {"base": f"{world.url}/khalti-service", "token": world.accounts.khalti_service_token}


VENDOR = Vendor(
    name="khalti_service",
    title="Khalti (payouts)",
    faults={
        "timeout_after_taking": "takes the order, then answers nothing for a while",
        "timeout_not_taken": "takes nothing, and answers nothing for a while",
        "processing_then_success": "is Processing first, and Success when it is asked",
        "processing_then_failed": "is Processing first, and Failed when it is asked",
        "stays_processing": "never says how it ends",
        "says_nonsense": "says a state that nobody knows",
        "no_such_user": "refuses: no such user (4000)",
        "no_credit": "refuses: no credit is left (1016)",
    },
    how_to_reach=reach,
    blueprint=blueprint,
    whom=from_anywhere,
)
