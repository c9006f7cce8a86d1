"""Numbers, dates and times as readers of English and of Nepali write them, in the time zone of the network's home."""

from datetime import datetime
from types import MappingProxyType

from powerbank.base.clock import HOME

_DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")
_MONTHS = MappingProxyType(
    {
        "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        "ne": ("जनवरी", "फेब्रुअरी", "मार्च", "अप्रिल", "मे", "जुन", "जुलाई", "अगस्ट", "सेप्टेम्बर", "अक्टोबर", "नोभेम्बर", "डिसेम्बर"),
    }
)


def format_number(number: str, language: str) -> str:
    """Group the digits of a number as Nepal does, in thousands, lakhs and crores: 12,34,567.00"""
    whole, dot, rest = number.partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return write_digits(sign + ",".join([*pairs, tail]) + dot + rest, language)


def format_date(moment: datetime, language: str) -> str:
    """Write the day of a moment: 21 Nov 2026"""
    local = moment.astimezone(HOME)
    return write_digits(f"{_format_day(local, language)} {local.year}", language)


def format_time(moment: datetime, language: str, *, seconds: bool = False) -> str:
    """Write a moment of about now: 18:05, 21 Nov"""
    local = moment.astimezone(HOME)
    clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return write_digits(f"{clock}, {_format_day(local, language)}", language)


def write_digits(text: str, language: str) -> str:
    """Write the digits of a text in Devanagari for readers of Nepali."""
    return text.translate(_DIGITS) if language == "ne" else text


def _format_day(local: datetime, language: str) -> str:
    return f"{local.day} {_MONTHS[language][local.month - 1]}"
