"""The built-in texts of messages: the type of a notice and a language choose the text, the context gives its values.

A text can name values and their formats, and nothing else. A value that is missing leaves a dash and a line in the log:
a message with a gap is better than a payment that fails because of its message.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import InvalidOperation
from types import MappingProxyType
from typing import Any

import structlog

from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.texts import staff, values
from powerbank.notifications.texts.english import ENGLISH
from powerbank.notifications.texts.nepali import NEPALI
from powerbank.notifications.texts.values import Format
from powerbank.outbox.enqueue import Scalar

log = structlog.get_logger(__name__)

AnyNoticeType = NoticeType | StaffNoticeType
Texts = Mapping[Any, tuple[str, str]]
TEXTS: Mapping[str, Texts] = MappingProxyType({"en": {**ENGLISH, **staff.ENGLISH}, "ne": {**NEPALI, **staff.NEPALI}})
PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
MISSING = "–"


@dataclass(frozen=True)
class Text:
    """What a message says. The title is the subject of an e-mail, and an SMS has only the body."""

    title: str
    body: str


def built_in_text(notice_type: AnyNoticeType, context: Mapping[str, Scalar], language: str) -> Text:
    """Return the built-in text of a type of notice with its values filled in."""
    title, body = TEXTS.get(language, TEXTS["en"])[notice_type]
    return Text(_fill_in(title, notice_type, context, language), _fill_in(body, notice_type, context, language))


def _fill_in(text: str, notice_type: AnyNoticeType, context: Mapping[str, Scalar], language: str) -> str:
    def formatted(place: re.Match[str]) -> str:
        name, format_ = place[1], place[2]
        value = context.get(name)
        try:
            if value is not None:
                return values.format_value(value, format_, language)
        except (ValueError, InvalidOperation):
            pass
        log.error("a message lacks a value", type=notice_type.value, value=name)
        return MISSING

    # All places are filled in one pass, so that a value is never read as a place. An empty value leaves no blank.
    return PLACE.sub(formatted, text).rstrip()


def needed_values(notice_type: AnyNoticeType) -> dict[str, Format]:
    """Return the names and formats of the values that the built-in text of a type names."""
    text = "".join(TEXTS["en"][notice_type])
    return {place[0]: Format(place[1] or "text") for place in PLACE.findall(text)}


def sample_values(notice_type: AnyNoticeType) -> dict[str, Scalar]:
    """Return example values for a preview of a type of notice."""
    return {name: values.VALUES[name].sample for name in needed_values(notice_type)}
