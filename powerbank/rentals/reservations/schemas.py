"""The schemas of reservations."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.base import money
from powerbank.rentals.reservations.models import ReservationStatus
from powerbank.rentals.reservations.services import MOST_MINUTES
from powerbank.rentals.schemas import SERIAL, RentalPlaceSchema


class ReserveSchema(Schema):
    station_sn = fields.String(required=True, validate=SERIAL)
    package_id = fields.UUID(required=True)
    minutes = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_MINUTES))


class ReservationSchema(Schema):
    reservation_id = fields.UUID(required=True, attribute="reservation.id")
    status = fields.String(required=True, validate=validate.OneOf([*ReservationStatus]))
    station_sn = fields.String(required=True, attribute="station.sn")
    station = fields.Nested(RentalPlaceSchema, required=True)
    package_id = fields.UUID(required=True, attribute="reservation.package_id")
    slot_number = fields.Integer(required=True, attribute="reservation.slot_number")
    created_at = Time(required=True, attribute="reservation.created_at")
    free_until = Time(required=True, attribute="reservation.free_until")
    expires_at = Time(
        required=True,
        attribute="reservation.expires_at",
        metadata={"description": "It may come earlier: the last power bank of a station is kept for five minutes."},
    )
    ended_at = Time(required=True, allow_none=True, attribute="reservation.ended_at")
    fee = Money(
        required=True,
        metadata={"description": "What it has cost; while it is active the most that it may cost, which is held."},
    )
    fee_so_far = Money(required=True)
    currency = fields.Constant(money.NPR, metadata={"type": "string"})
    rental_id = fields.UUID(required=True, allow_none=True, attribute="reservation.rental_id")
