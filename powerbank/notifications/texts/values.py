"""What messages speak of: how each value is written, and an example of it for previews.

A name means the same in every kind of message: `amount` is money, `due_at` a time. What a kind needs is what its
built-in text names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from powerbank.notifications.texts import wording
from powerbank.notifications.texts.wording import Kind
from powerbank.outbox.enqueue import Scalar


class Manner(StrEnum):
    TEXT = "text"
    STATUS = "status"
    MONEY = "money"  # "150.00", or paisa as a whole number
    NUMBER = "number"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True)
class Value:
    manner: Manner
    sample: Scalar


VALUES: Mapping[str, Value] = MappingProxyType(
    {
        "code": Value(Manner.TEXT, "042117"),
        "masked": Value(Manner.TEXT, "+977••••••5678"),
        "status": Value(Manner.STATUS, "suspended"),
        "reason": Value(Manner.TEXT, "the picture is blurred"),
        "amount": Value(Manner.MONEY, "1250.00"),
        "balance": Value(Manner.MONEY, "49.50"),
        "spend": Value(Manner.MONEY, "300.00"),
        "average": Value(Manner.MONEY, "100.00"),
        "rate": Value(Manner.MONEY, "5.00"),
        "package": Value(Manner.TEXT, "One hour"),
        "station": Value(Manner.TEXT, "Thamel 3"),
        "slot_number": Value(Manner.NUMBER, 7),
        "due_at": Value(Manner.TIME, "2026-11-21T12:20:00Z"),
        "minutes": Value(Manner.NUMBER, 61),
        "points": Value(Manner.NUMBER, 1500),
        "expires_at": Value(Manner.DATE, "2026-12-01T00:00:00Z"),
        "achievement": Value(Manner.TEXT, "Night owl"),
        "title": Value(Manner.TEXT, "Dashain"),
        "message": Value(Manner.TEXT, "All stations stay open."),
        "about": Value(Manner.TEXT, "You earned points"),
        "count": Value(Manner.NUMBER, 12),
        # of staff
        "station_sn": Value(Manner.TEXT, "KTM-0001"),
        "powerbank_sn": Value(Manner.TEXT, "PB-0007"),
        "battery_level": Value(Manner.NUMBER, 12),
        "issue_type": Value(Manner.TEXT, "damaged"),
        "rental_code": Value(Manner.TEXT, "R-7F3K"),
        "name": Value(Manner.TEXT, "Dashain 50"),
        "detail": Value(Manner.TEXT, "no worker is alive on default"),
        "check": Value(Manner.TEXT, "account"),
        "subject": Value(Manner.TEXT, "user_wallet"),
        "intent_id": Value(Manner.TEXT, "01900000-0000-7000-8000-000000000000"),
        "type": Value(Manner.TEXT, "rental_overdue"),
        "channel": Value(Manner.TEXT, "push"),
        "language": Value(Manner.TEXT, "ne"),
        "differences": Value(Manner.NUMBER, 2),
        "what": Value(Manner.TEXT, "not_credited"),
        "problem": Value(Manner.TEXT, "a value is missing"),
    }
)


def needed(kind: Kind) -> dict[str, Manner]:
    """The values that a message of this kind is about."""
    text = "".join(wording.TEXTS["en"][kind])
    return {place[0]: Manner(place[1] or "text") for place in wording.PLACE.findall(text)}


def sample(kind: Kind) -> dict[str, Scalar]:
    return {name: VALUES[name].sample for name in needed(kind)}
