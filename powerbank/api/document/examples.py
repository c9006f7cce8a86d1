"""Examples for the fields of schemas that have none of their own, by their name and kind."""

from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from powerbank.api.fields import Boolean, Time

ID = "01a22d78-1068-767e-badf-42f9bdb0d71c"
MOMENT = "2026-11-30T15:03:25.478849Z"
_BY_NAME: dict[str, Any] = {
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMWEyMmQ3OCJ9.Zm9yIGV4YW1wbGU",
    "actor": "staff:01a22d78-1068-767e-badf-42f9bdb0d71c",
    "address": "Thamel 26",
    "answer": "Into any station of the network that has a free slot.",
    "app_version": "1.4.0",
    "available_banks": 6,
    "battery_level": 94,
    "body": "Your power bank is in slot 4.",
    "channel": "push",
    "city": "Kathmandu",
    "code": "649409",
    "coupon_code": "DASHAIN25",
    "count": 3,
    "currency": "NPR",
    "cursor": "WyIwMWEyMmQ3OC0xMDY4LTc2N2UtYmFkZi00MmY5YmRiMGQ3MWMiXQ",
    "description": "The screen stays dark.",
    "detail": "The station does not answer right now.",
    "device_token": "a3f1c0",
    "dial_code": "+977",
    "duration_minutes": 30,
    "email": "maya@example.com",
    "expires_in": 300,
    "fcm_token": "dGhpcyBpcyBhIHRva2VuIG9mIEZDTQ",
    "firmware": "1.0.0",
    "first_name": "Maya",
    "free_slots": 2,
    "gateway": "khalti",
    "identifier": "+9779841000099",
    "imei": "860588040000001",
    "language": "en",
    "last_name": "Gurung",
    "message": "Tonight the stations in Thamel are serviced.",
    "minutes": 30,
    "name": "Thamel Chowk",
    "next_cursor": None,
    "note": "Called back, all is well.",
    "phone": "+9779841000099",
    "points": 50,
    "position": 1,
    "powerbank_sn": "85000003",
    "question": "Where can I return it?",
    "reason": "The person sent a picture of the receipt.",
    "referral_code": "MAYA26",
    "refresh_token": "kq3Vb7Jr0yq0V9m2c5o8dQ",
    "rental_code": "R7K2M9",
    "resend_in": 60,
    "serial": "85000003",
    "sn": "KTM-001",
    "station_sn": "KTM-001",
    "slot_number": 4,
    "ticket": "Zk3v9Qm2c5o8dQ",
    "title": "Your power bank is out",
    "total": 12,
    "username": "maya",
    "value": 25,
    "verification_token": "eyJhbGciOiJIUzI1NiJ9.eyJwIjoicmVnaXN0ZXIifQ.Zm9yIGV4YW1wbGU",
    "version": "1.4.0",
    "lat": 27.7153,
    "lng": 85.3123,
}
_BY_KIND: tuple[tuple[type[fields.Field[Any]], Any], ...] = (
    (fields.UUID, ID),
    (Time, MOMENT),
    (fields.Date, "2026-11-30"),
    (fields.Email, "maya@example.com"),
    (Boolean, True),
)


def find_example(_converter: Any, field: fields.Field[Any], ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Find an example for a field. It is asked for all fields when the document is written."""
    given = field.metadata
    if "example" in given or "examples" in given or isinstance(field, fields.Nested | fields.List | fields.Dict):
        return {}
    for kind, example in _BY_KIND:
        if isinstance(field, kind):
            return {"example": example}
    for rule in field.validators:
        if isinstance(rule, OneOf):
            return {"example": next(iter(rule.choices))}
    kinds = {str: fields.String, int: fields.Integer, float: fields.Float, type(None): fields.String}
    example = _BY_NAME.get(field.data_key or field.name or "", ...)
    fits = example is not ... and "enum" not in ret and isinstance(field, kinds[type(example)])
    return {"example": example} if fits and _takes(field, example) else {}


def _takes(field: fields.Field[Any], example: Any) -> bool:
    if example is None:
        return field.allow_none
    try:
        for rule in field.validators:
            rule(example)
    except ValidationError:
        return False
    return True
