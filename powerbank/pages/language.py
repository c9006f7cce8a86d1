"""The language of a page: its texts, numbers and times as its reader writes them."""

from datetime import date, datetime, time

from flask import session
from markupsafe import Markup

from powerbank.api import translations as refusals
from powerbank.api.language import ENGLISH, LANGUAGES, wanted_language
from powerbank.base import local_format
from powerbank.base.clock import HOME, format_time, utcnow
from powerbank.pages.translations import NEPALI

_STEPS = ((86_400, "{count} d"), (3_600, "{count} h"), (60, "{count} min"))


def page_language() -> str:
    """Give the language that the reader chose on a page; before that, the one that the browser asks for."""
    chosen = session.get("language")
    return chosen if chosen in LANGUAGES else wanted_language()


def choose_language(language: str) -> None:
    """Remember the language of the pages in the cookie of this browser."""
    if language in LANGUAGES:
        session["language"] = language


def translate(english: str, **values: object) -> str:
    """Give a text of a page in its reader's language. `{name}` in it stands for the value of that name."""
    template = english if page_language() == ENGLISH else NEPALI.get(english, english)
    return template.format(**{name: _write(value) for name, value in values.items()}) if values else template


def translate_refusal(english: str) -> str:
    """Give the reason of a refusal in the reader's language, as the API gives it too."""
    return refusals.translate(english, page_language())


def write_number(number: float, places: int = 0) -> str:
    return local_format.format_number(f"{number:.{places}f}", page_language())


def write_time(moment: datetime | None, *, seconds: bool = False) -> Markup:
    """Write a moment in the time of the network's home. Programs find the exact one in its attribute."""
    if moment is None:
        return Markup("")
    written = local_format.format_time(moment, page_language(), seconds=seconds)
    return Markup('<time datetime="{}">{}</time>').format(format_time(moment), written)


def write_clock(moment: datetime) -> Markup:
    """Write the time of day of a moment, where its day stands above it."""
    local = local_format.write_digits(moment.astimezone(HOME).strftime("%H:%M:%S"), page_language())
    return Markup('<time datetime="{}">{}</time>').format(format_time(moment), local)


def read_moment(written: str) -> datetime:
    """Read a moment that is kept as a text, as in the evidence of a case."""
    return datetime.fromisoformat(written)


def write_day(moment: date) -> str:
    """Write a day, or the day of a moment at the network's home."""
    at = moment if isinstance(moment, datetime) else datetime.combine(moment, time(12), HOME)
    return local_format.format_date(at, page_language())


def write_age(moment: datetime) -> Markup:
    """Write how long ago a moment was, in its largest unit."""
    seconds = max(0, int((utcnow() - moment).total_seconds()))
    size, unit = next((step for step in _STEPS if seconds >= step[0]), (1, "{count} s"))
    return Markup('<time datetime="{}">{}</time>').format(format_time(moment), translate(unit, count=seconds // size))


def _write(value: object) -> str:
    if isinstance(value, int | float):
        return write_number(value)
    return str(value)
