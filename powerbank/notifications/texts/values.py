"""The values that the texts of messages name: how each is formatted, and an example of it for previews.

A name means the same in every type of message: `amount` is money, `due_at` is a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from powerbank.base import local_format, money
from powerbank.outbox.enqueue import Scalar


class Format(StrEnum):
    """How a value is written for its reader."""

    TEXT = "text"
    STATUS = "status"
    MONEY = "money"  # "150.00", or paisa as a whole number
    NUMBER = "number"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True)
class Value:
    format: Format
    sample: Scalar


VALUES: Mapping[str, Value] = MappingProxyType(
    {
        "code": Value(Format.TEXT, "042117"),
        "masked": Value(Format.TEXT, "+977••••••5678"),
        "status": Value(Format.STATUS, "suspended"),
        "reason": Value(Format.TEXT, "the picture is blurred"),
        "amount": Value(Format.MONEY, "1250.00"),
        "balance": Value(Format.MONEY, "49.50"),
        "spend": Value(Format.MONEY, "300.00"),
        "average": Value(Format.MONEY, "100.00"),
        "rate": Value(Format.MONEY, "5.00"),
        "package": Value(Format.TEXT, "One hour"),
        "station": Value(Format.TEXT, "Thamel 3"),
        "go_to": Value(Format.TEXT, "Patan 2"),
        "slot_number": Value(Format.NUMBER, 7),
        "due_at": Value(Format.TIME, "2026-11-21T12:20:00Z"),
        "kept_until": Value(Format.TIME, "2026-11-21T11:45:00Z"),
        "paused_until": Value(Format.TIME, "2026-11-21T12:50:00Z"),
        "minutes": Value(Format.NUMBER, 61),
        "points": Value(Format.NUMBER, 1500),
        "expires_at": Value(Format.DATE, "2026-12-01T00:00:00Z"),
        "achievement": Value(Format.TEXT, "Night owl"),
        "title": Value(Format.TEXT, "Dashain"),
        "message": Value(Format.TEXT, "All stations stay open."),
        "about": Value(Format.TEXT, "You earned points"),
        "count": Value(Format.NUMBER, 12),
        "claimed_until": Value(Format.TIME, "2026-11-21T13:00:00Z"),
        "hours": Value(Format.NUMBER, 14),
        "banks": Value(Format.NUMBER, 2),
        # In texts for staff.
        "station_sn": Value(Format.TEXT, "KTM-0001"),
        "powerbank_sn": Value(Format.TEXT, "PB-0007"),
        "battery_level": Value(Format.NUMBER, 12),
        "issue_type": Value(Format.TEXT, "damaged"),
        "rental_code": Value(Format.TEXT, "R-7F3K"),
        "name": Value(Format.TEXT, "Dashain 50"),
        "detail": Value(Format.TEXT, "no worker is alive on default"),
        "check": Value(Format.TEXT, "account"),
        "subject": Value(Format.TEXT, "user_wallet"),
        "intent_id": Value(Format.TEXT, "01900000-0000-7000-8000-000000000000"),
        "type": Value(Format.TEXT, "rental_overdue"),
        "channel": Value(Format.TEXT, "push"),
        "language": Value(Format.TEXT, "ne"),
        "payee": Value(Format.TEXT, "Thamel Bakery"),
        "skipped": Value(Format.NUMBER, 3),
        "differences": Value(Format.NUMBER, 2),
        "what": Value(Format.TEXT, "not_credited"),
        "problem": Value(Format.TEXT, "a value is missing"),
    }
)

_STATUS = MappingProxyType(
    {
        "en": {"active": "active", "suspended": "suspended", "banned": "blocked"},
        "ne": {"active": "सक्रिय", "suspended": "निलम्बित", "banned": "बन्द"},
    }
)


def format_value(value: Scalar, format: str | None, language: str) -> str:
    """Return a value as its reader writes it. ValueError if the value does not fit the format."""
    match format:
        case None:
            return str(value)
        case "status":
            return _STATUS[language].get(str(value), str(value))
        case "money":
            # A text is an amount of the API, such as "150.00". A whole number is paisa, as everywhere in the code.
            amount = money.format_amount(value) if isinstance(value, int) else f"{Decimal(str(value)):.2f}"
            return ("रु " if language == "ne" else "NPR ") + local_format.format_number(amount, language)
        case "number":
            return local_format.format_number(f"{Decimal(str(value)):f}", language)
        case _:
            moment = datetime.fromisoformat(str(value))
            written = local_format.format_date if format == "date" else local_format.format_time
            return written(moment, language)
