"""Messages put into words: a kind and a language give the text, the context its values.

A text can name values and how to write them, and nothing else. A value that is missing leaves a dash and a line in
the log: a message with a gap is better than a payment that fails over its message.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

import structlog

from powerbank.base import money
from powerbank.base.local_time import HOME
from powerbank.notifications.people.kinds import Type
from powerbank.notifications.staff.kinds import StaffType
from powerbank.notifications.texts import staff
from powerbank.notifications.texts.english import ENGLISH
from powerbank.notifications.texts.nepali import NEPALI
from powerbank.outbox.enqueue import Scalar

log = structlog.get_logger(__name__)

Kind = Type | StaffType
Texts = Mapping[Any, tuple[str, str]]
TEXTS: Mapping[str, Texts] = MappingProxyType({"en": {**ENGLISH, **staff.ENGLISH}, "ne": {**NEPALI, **staff.NEPALI}})
PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
MISSING = "–"

_DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")
_MONTHS = MappingProxyType(
    {
        "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        "ne": ("जनवरी", "फेब्रुअरी", "मार्च", "अप्रिल", "मे", "जुन", "जुलाई", "अगस्ट", "सेप्टेम्बर", "अक्टोबर", "नोभेम्बर", "डिसेम्बर"),
    }
)
_STATUS = MappingProxyType(
    {
        "en": {"active": "active", "suspended": "suspended", "banned": "blocked"},
        "ne": {"active": "सक्रिय", "suspended": "निलम्बित", "banned": "बन्द"},
    }
)


@dataclass(frozen=True)
class Words:
    title: str
    body: str


def put(kind: Kind, context: Mapping[str, Scalar], language: str) -> Words:
    title, body = TEXTS.get(language, TEXTS["en"])[kind]
    return Words(_fill(title, kind, context, language), _fill(body, kind, context, language))


def _fill(text: str, kind: Kind, context: Mapping[str, Scalar], language: str) -> str:
    def value(place: re.Match[str]) -> str:
        name, manner = place[1], place[2]
        given = context.get(name)
        try:
            if given is not None:
                return write(given, manner, language)
        except (ValueError, InvalidOperation):
            pass
        log.error("a message lacks a value", type=kind.value, value=name)
        return MISSING

    # One pass: what a value says is never read as a place for another. An empty value at the end leaves no blank.
    return PLACE.sub(value, text).rstrip()


def write(given: Scalar, manner: str | None, language: str) -> str:
    """A value as its reader writes it; ValueError if it is none of its manner."""
    match manner:
        case None:
            return str(given)
        case "status":
            return _STATUS[language].get(str(given), str(given))
        case "money":
            # As text it is an amount of the API, `"150.00"`; a whole number is paisa, as everywhere in the code.
            amount = money.format_amount(given) if isinstance(given, int) else f"{Decimal(str(given)):.2f}"
            return ("रु " if language == "ne" else "NPR ") + _digits(_grouped(amount), language)
        case "number":
            return _digits(_grouped(f"{Decimal(str(given)):f}"), language)
        case _:
            moment = datetime.fromisoformat(str(given)).astimezone(HOME)
            day = f"{moment.day} {_MONTHS[language][moment.month - 1]}"
            return _digits(f"{day} {moment.year}" if manner == "date" else f"{moment:%H:%M}, {day}", language)


def _grouped(number: str) -> str:
    """Thousands, then lakhs and crores, as Nepal writes them: 12,34,567.00"""
    whole, dot, rest = number.partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return sign + ",".join([*pairs, tail]) + dot + rest


def _digits(text: str, language: str) -> str:
    return text.translate(_DIGITS) if language == "ne" else text
