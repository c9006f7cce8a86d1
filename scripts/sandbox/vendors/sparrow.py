"""Sparrow SMS v2, as its documentation has it: 200 or 403, and a code in the body."""

import re
import threading
from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.messages import Channel
from scripts.sandbox.vendor import Vendor, World

SAID = {
    1000: "A required field is missing",
    1001: "Invalid IP Address",
    1002: "Invalid Token",
    1003: "Account Inactive",
    1004: "Account Inactive",
    1005: "Account has been expired",
    1006: "Account has been expired",
    1007: "Invalid Receiver",
    1008: "Invalid Sender",
    1010: "Text cannot be empty",
    1011: "No valid receiver",
    1012: "No Credits Available",
    1013: "Insufficient Credits",
}

# Faults that answer with a documented code, whatever was asked.
REFUSALS = {
    "ip_refused": 1001,
    "token_refused": 1002,
    "inactive": 1003,
    "expired": 1005,
    "no_credits": 1012,
    "few_credits": 1013,
}

GSM = re.compile(r"[\w@£$¥èéùìòÇ\nØø\rÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./:;<=>?¡ÄÖÑÜ§¿äöñüà^{}\\\[~\]|€]*", re.ASCII)
MOBILE = re.compile(r"9\d{9}")


class SparrowError(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


class Account:
    """Credits, drawn down by one for each part of each message."""

    def __init__(self, credits_: int) -> None:
        self._lock = threading.Lock()
        self._at_first = credits_
        self.available = credits_
        self.consumed = 0

    def draw(self, count: int) -> None:
        with self._lock:
            if self.available <= 0:
                raise SparrowError(1012)
            if self.available < count:
                raise SparrowError(1013)
            self.available -= count
            self.consumed += count

    def reset(self) -> None:
        with self._lock:
            self.available, self.consumed = self._at_first, 0

    def set(self, available: int) -> None:
        with self._lock:
            self.available = available


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("sparrow", __name__, url_prefix="/sparrow")
    account = Account(world.accounts.sparrow_credits)
    world.on_reset.append(account.reset)

    @routes.errorhandler(SparrowError)
    def refused(problem: SparrowError) -> tuple[Response, int]:
        return answer(problem.code), 403

    @routes.route("/v2/sms/", methods=["GET", "POST"])
    def send() -> Response:
        given = request.form if request.method == "POST" else request.args
        fault = VENDOR.take_own(world, receivers())
        if fault and fault.fault == "refused_with_200":
            return answer(1002)
        if fault:
            raise SparrowError(REFUSALS[fault.fault])
        check_token(given, world)
        if any(name not in given for name in ("from", "to", "text")):
            raise SparrowError(1000)
        if given["from"] not in world.accounts.sparrow_senders:
            raise SparrowError(1008)
        if not given["text"].strip():
            raise SparrowError(1010)
        valid = valid_receivers()
        account.draw(parts(given["text"]) * len(valid))
        for receiver in valid:
            world.messages.add(
                Channel.SMS, receiver, given["text"], details={"from": given["from"], "parts": parts(given["text"])}
            )
        return jsonify(
            count=len(valid), response_code=200, response=f"{len(valid)} mesages has been queued for delivery"
        )

    @routes.get("/v2/credit/")
    def credit() -> Response:
        fault = VENDOR.take_own(world)
        if fault and fault.fault in REFUSALS:
            raise SparrowError(REFUSALS[fault.fault])
        check_token(request.args, world)
        return jsonify(credits_available=account.available, credits_consumed=account.consumed, response_code=200)

    @routes.put("/credits")
    def set_credits() -> Response:
        """The sandbox's own: how many are left."""
        account.set(int(request.get_json()["available"]))
        return jsonify(credits_available=account.available, credits_consumed=account.consumed)

    return routes


def check_token(given: Mapping[str, str], world: World) -> None:
    if "token" not in given:
        raise SparrowError(1000)
    if given["token"] != world.accounts.sparrow_token:
        raise SparrowError(1002)


def valid_receivers() -> list[str]:
    found = receivers()
    if not any(any(sign.isdigit() for sign in receiver) for receiver in found):
        raise SparrowError(1007)
    valid = [receiver for receiver in found if MOBILE.fullmatch(receiver)]
    if not valid:
        raise SparrowError(1011)
    return valid


def receivers() -> list[str]:
    given = request.form if request.method == "POST" else request.args
    return [receiver.strip() for receiver in given.get("to", "").split(",")]


def parts(text: str) -> int:
    """160 signs fit where all are of the GSM alphabet, 70 otherwise; a long text has a little less in each part."""
    single, each = (160, 153) if GSM.fullmatch(text) else (70, 67)
    return 1 if len(text) <= single else -(-len(text) // each)


def answer(code: int) -> Response:
    return jsonify(response_code=code, response=SAID[code])


def reach(world: World) -> dict[str, str]:
    return {
        "base": f"{world.url}/sparrow/v2",
        "token": world.accounts.sparrow_token,
        "from": world.accounts.sparrow_senders[0],
    }


VENDOR = Vendor(
    name="sparrow",
    title="Sparrow SMS",
    faults={
        **{name: f"403, {code}: {SAID[code]}" for name, code in REFUSALS.items()},
        "refused_with_200": "200 with the code 1002, as some have seen it",
    },
    how_to_reach=reach,
    blueprint=blueprint,
    whom=receivers,
)
