"""Gateways that speak HTTP deliver the messages of stations that do not speak MQTT."""

import functools
from collections.abc import Callable
from typing import Any

from flask import current_app, request

from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.base.signatures import is_signed
from powerbank.stations.messages import gateway_messages
from powerbank.stations.messages.schemas import (
    AcceptedEventSchema,
    AcceptedReportSchema,
    GatewayReportSchema,
    ReturnEventSchema,
)

blueprint = Blueprint("Gateways", __name__, url_prefix="/internal", description="For gateways of stations.")


def signed(view: Callable[..., Any]) -> Callable[..., Any]:
    """`Powerbank-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, as we sign our own calls. Looked at
    before the body is."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        secret = current_app.config["SETTINGS"].gateway_secret.get_secret_value()
        signature = request.headers.get("Powerbank-Signature", "")
        if not is_signed(request.get_data(), signature, secret, now=utcnow().timestamp()):
            raise AppError("bad_signature", 401, "The signature is missing, wrong or too old.")
        return view(*args, **kwargs)

    return wrapper


SIGNATURE = {
    "name": "Powerbank-Signature",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": 'as `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, no older than five minutes',
}


@blueprint.post("/rental/return-event")
@blueprint.doc(parameters=[SIGNATURE])
@signed
@blueprint.arguments(ReturnEventSchema)
@blueprint.response(202, AcceptedEventSchema)
@blueprint.alt_response(200, schema=AcceptedEventSchema, description="Reported before.")
def return_event(body: dict[str, Any]) -> Any:
    """A power bank came back"""
    with transaction():
        applied = gateway_messages.apply_gateway_return(
            station_imei=body["station_imei"],
            slot_number=body["slot_number"],
            serial=body["powerbank_sn"],
            charge=body["battery_level"],
            event_id=body["event_id"],
            ts=body["ts"],
            received_at=utcnow(),
        )
    return {"accepted": True, "repeated": applied.repeat}, 200 if applied.repeat else 202


@blueprint.post("/stations/<imei>/report")
@blueprint.doc(parameters=[SIGNATURE])
@signed
@blueprint.arguments(GatewayReportSchema)
@blueprint.response(202, AcceptedReportSchema)
def report(body: dict[str, Any], imei: str) -> dict[str, Any]:
    """What a station says, in the words of `json-v1`: a heartbeat or an event. A repeat changes nothing"""
    with transaction():
        gateway_messages.accept_gateway_message(station_imei=imei, body=body, received_at=utcnow())
    return {"accepted": True}
