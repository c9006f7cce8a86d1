"""The sandbox's own JSON: the inbox and the switches."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.sandbox.messages import Channel
from scripts.sandbox.vendor import Vendor, World


class FaultWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    vendor: str
    fault: str
    times: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, ge=0, le=3600)
    match: str | None = None


def blueprint(world: World, vendors: tuple[Vendor, ...]) -> Blueprint:
    routes = Blueprint("api", __name__, url_prefix="/api")
    by_name = {vendor.name: vendor for vendor in vendors}

    @routes.get("/messages")
    def messages() -> Response | tuple[Response, int]:
        channel = request.args.get("channel") or None
        if channel not in (None, *Channel):
            return refuse(f"channel is one of {', '.join(Channel)}")
        limit = request.args.get("limit", type=int)
        # The version is read first: a message that comes in between is then shown once more, not missed.
        version = world.messages.version
        found = world.messages.newest_first(
            channel=Channel(channel) if channel else None, to=request.args.get("to") or None
        )
        answer = jsonify(items=[message.as_json() for message in found[:limit]])
        answer.set_etag(version)
        return answer.make_conditional(request)  # type: ignore[return-value]

    @routes.delete("/messages")
    def forget_messages() -> tuple[str, int]:
        world.messages.clear()
        return "", 204

    @routes.get("/faults")
    def faults() -> Response:
        return jsonify(items=world.faults.all())

    @routes.post("/faults")
    def set_fault() -> tuple[Response, int]:
        try:
            wanted = FaultWanted.model_validate(request.get_json())
        except ValidationError as wrong:
            return refuse(wrong.errors(include_url=False, include_context=False))
        vendor = by_name.get(wanted.vendor)
        if vendor is None:
            return refuse(f"vendor is one of {', '.join(by_name)}")
        if wanted.fault not in vendor.all_faults:
            return refuse(f"fault of {vendor.name} is one of {', '.join(vendor.all_faults)}")
        added = world.faults.set(
            wanted.vendor, wanted.fault, times=wanted.times, seconds=wanted.seconds, match=wanted.match
        )
        return jsonify(added.as_json()), 201

    @routes.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        world.faults.clear()
        return "", 204

    @routes.delete("/faults/<int:fault_id>")
    def remove_fault(fault_id: int) -> tuple[str, int]:
        return "", 204 if world.faults.remove(fault_id) else 404

    @routes.get("/state")
    def state() -> Response:
        return jsonify(
            url=world.url,
            smtp_port=world.smtp_port,
            vendors=[
                {
                    "name": vendor.name,
                    "title": vendor.title,
                    "faults": vendor.all_faults,
                    "reach": dict(vendor.how_to_reach(world)),
                }
                for vendor in vendors
            ],
        )

    return routes


def refuse(why: Any) -> tuple[Response, int]:
    return jsonify(error=why), 400
