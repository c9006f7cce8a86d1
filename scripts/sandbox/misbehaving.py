"""The general faults, around every vendor's endpoints."""

import math
from collections.abc import Iterator

from flask import Blueprint, Response, g, request

from scripts.sandbox.faults import Fault
from scripts.sandbox.vendor import Vendor, World

# Longer than any client of ours may wait.
HANG_SECONDS = 120.0
SLOW_SECONDS = 5.0
RETRY_AFTER_SECONDS = 2

PAGE = "<!doctype html><html><head><title>Please wait</title></head><body><h1>Under maintenance</h1></body></html>"


def wrap(blueprint: Blueprint, vendor: Vendor, world: World) -> None:
    def before() -> Response | None:
        if (request.endpoint or "").rpartition(".")[2] in vendor.spared:
            return None
        whom = [*vendor.whom()]
        slow = world.faults.take(vendor.name, ["slow"], whom)
        if slow:
            world.wait(_seconds(slow, SLOW_SECONDS))
        fault = world.faults.take(vendor.name, ["error", "unavailable", "html", "drop"], whom)
        if fault:
            return instead(fault)
        g.hang = world.faults.take(vendor.name, ["hang_after_success"], whom)
        return None

    def after(response: Response) -> Response:
        hang: Fault | None = g.get("hang")
        if hang is None:
            return response
        world.wait(_seconds(hang, HANG_SECONDS))
        return closed()

    blueprint.before_request(before)
    blueprint.after_request(after)


def instead(fault: Fault) -> Response:
    if fault.fault == "drop":
        return closed()
    if fault.fault == "html":
        return Response(PAGE, 200, content_type="text/html; charset=utf-8")
    if fault.fault == "unavailable":
        # Rounded up: 0 would mean "at once".
        wait = math.ceil(_seconds(fault, RETRY_AFTER_SECONDS))
        return Response("Service Unavailable", 503, {"Retry-After": str(wait)}, content_type="text/plain")
    return Response("Internal Server Error", 500, content_type="text/plain")


def closed() -> Response:
    """The connection ends without a byte of an answer: no header is written before the first piece of the body."""

    return Response(Nothing())


class Nothing(Iterator[bytes]):
    def __next__(self) -> bytes:
        raise ConnectionResetError


def _seconds(fault: Fault, default: float) -> float:
    return default if fault.seconds is None else fault.seconds
