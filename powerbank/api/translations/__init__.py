"""Translates refusals into the language that their reader asked for.

The code says everything in English, where it is refused. What a Nepali reader is told instead stands here, under the
English text; `{name}` stands for what differs from one refusal to the next. A test finds texts that are missing.
"""

import re
from types import MappingProxyType

from powerbank.api.translations.analytics_ne import ANALYTICS
from powerbank.api.translations.crew_ne import CREW
from powerbank.api.translations.fields_ne import FIELDS
from powerbank.api.translations.partners_ne import PARTNERS
from powerbank.api.translations.refusals_ne import REFUSALS
from powerbank.api.translations.terms_ne import TITLES, WORDS

NEPALI = MappingProxyType({**TITLES, **REFUSALS, **FIELDS, **PARTNERS, **ANALYTICS, **CREW})
# A longer text quotes what somebody sent, and is shown as it is, so that no text keeps the process busy.
LONGEST = 1000

_NAME = re.compile(r"\{(\w+)\}")
_PARAMETER = re.compile(r"([a-z_]{1,40}): (.+)", re.DOTALL)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _NAME.split(english)  # text and names by turns
    return re.compile("".join(f"(?P<{part}>.+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)))


_PATTERNS = [(_pattern(english), nepali) for english, nepali in NEPALI.items() if _NAME.search(english)]


def translate(text: str, language: str) -> str:
    """Give a text in a language; the English one where there is no other."""
    if language != "ne" or len(text) > LONGEST:
        return text
    about = _PARAMETER.fullmatch(text)  # of several values in one field
    return _nepali(text) or (f"{about[1]}: {_nepali(about[2]) or about[2]}" if about else text)


def _nepali(text: str) -> str | None:
    if text in NEPALI:
        return NEPALI[text]
    for pattern, nepali in _PATTERNS:
        found = pattern.fullmatch(text)
        if found:
            return nepali.format(**{name: WORDS.get(value, value) for name, value in found.groupdict().items()})
    return None
