"""What FCM HTTP v1 takes as a message, and what it says of one that it does not take."""

import json
import re
from typing import Any

FIELDS = {
    "name",
    "data",
    "notification",
    "android",
    "webpush",
    "apns",
    "fcm_options",
    "fcmOptions",
    "token",
    "topic",
    "condition",
}
TARGETS = ("token", "topic", "condition")
RESERVED = re.compile(r"from|message_type|(google|gcm).*", re.IGNORECASE)
DURATION = re.compile(r"\d+(\.\d{1,9})?s")
TOKEN = re.compile(r"[A-Za-z0-9_:-]{8,4096}")
TOPIC = re.compile(r"[a-zA-Z0-9\-_.~%]+")
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


class ViolationError(Exception):
    def __init__(self, field: str, description: str, message: str = "Request contains an invalid argument.") -> None:
        self.field = field
        self.description = description
        self.message = message

    def details(self) -> list[dict[str, Any]]:
        violation = {"field": self.field, "description": self.description}
        return [
            {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"},
            {"@type": BAD_REQUEST, "fieldViolations": [violation]},
        ]


def check(body: Any) -> dict[str, Any]:
    """The message of a request, or the first thing that is wrong with it."""
    if not isinstance(body, dict) or not isinstance(body.get("message"), dict):
        raise ViolationError("message", "Message cannot be empty.")
    message: dict[str, Any] = body["message"]
    for name in message:
        if name not in FIELDS:
            unknown = f"Invalid JSON payload received. Unknown name \"{name}\" at 'message': Cannot find field."
            raise ViolationError("message", unknown, unknown)
    _check_data(message.get("data"), "message.data")
    _check_target(message)
    _check_android(message.get("android"))
    _check_apns(message.get("apns"))
    limit = 4096 if "token" in message else 2048
    told = {name: message[name] for name in ("data", "notification") if name in message}
    if len(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()) > limit:
        raise ViolationError("message", f"Message is too big: at most {limit} bytes.")
    return message


def _check_data(data: Any, where: str) -> None:
    if data is None:
        return
    if not isinstance(data, dict):
        raise ViolationError(where, "Invalid value, an object of strings is wanted.")
    for position, (name, value) in enumerate(data.items()):
        if not isinstance(value, str):
            place = f"{where}[{position}].value"
            wrong = f"Invalid value at '{place}' (TYPE_STRING), {json.dumps(value)}"
            raise ViolationError(place, wrong, wrong)
        if RESERVED.fullmatch(name):
            raise ViolationError(where, f"Invalid data payload key: {name}")


def _check_target(message: dict[str, Any]) -> None:
    targets = [name for name in TARGETS if message.get(name)]
    if len(targets) != 1:
        raise ViolationError("message", "Exactly one of token, topic or condition is required.")
    target = message[targets[0]]
    if targets[0] == "token" and not (isinstance(target, str) and TOKEN.fullmatch(target)):
        wrong = "The registration token is not a valid FCM registration token"
        raise ViolationError("message.token", wrong, wrong)
    if targets[0] == "topic" and not (isinstance(target, str) and TOPIC.fullmatch(target)):
        raise ViolationError("message.topic", "Malformed topic name")


def _check_android(android: Any) -> None:
    if android is None:
        return
    if not isinstance(android, dict):
        raise ViolationError("message.android", "Invalid value, an object is wanted.")
    ttl = android.get("ttl")
    if ttl is not None and not (isinstance(ttl, str) and DURATION.fullmatch(ttl)):
        wrong = f"Invalid value at 'message.android.ttl' (type.googleapis.com/google.protobuf.Duration), {ttl!r}"
        raise ViolationError("message.android.ttl", wrong, wrong)
    priority = android.get("priority")
    if priority is not None and str(priority).upper() not in ("NORMAL", "HIGH"):
        wrong = f"Invalid value at 'message.android.priority' (AndroidMessagePriority), {json.dumps(priority)}"
        raise ViolationError("message.android.priority", wrong, wrong)
    _check_data(android.get("data"), "message.android.data")


def _check_apns(apns: Any) -> None:
    if apns is None:
        return
    if not isinstance(apns, dict):
        raise ViolationError("message.apns", "Invalid value, an object is wanted.")
    for name, value in (apns.get("headers") or {}).items():
        if not isinstance(value, str):
            place = f"message.apns.headers[{name}]"
            wrong = f"Invalid value at '{place}' (TYPE_STRING), {json.dumps(value)}"
            raise ViolationError(place, wrong, wrong)
    if not isinstance(apns.get("payload", {}), dict):
        raise ViolationError("message.apns.payload", "Invalid value, an object is wanted.")
