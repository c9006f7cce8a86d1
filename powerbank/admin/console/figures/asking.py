"""What a page of figures is asked for: the address has it as the API does, and what does not fit is told in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from marshmallow import EXCLUDE, ValidationError

from powerbank.analytics.schemas import SpanArguments
from powerbank.analytics.screens import answers
from powerbank.analytics.screens.answers import Question
from powerbank.base.db import utcnow
from powerbank.base.errors import AppError, InvalidFieldsError
from powerbank.pages.language import translate_refusal

NAMES = ("range", "from", "to", "group", "station_sn", "city", "partner_id", "package_id")


@dataclass(frozen=True)
class PageQuestion:
    """A question as the address has it. `errors` says by its name what of it was left out."""

    question: Question
    arguments: Mapping[str, Any]
    given: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The same question as the address of the API has it."""
        return urlencode({name: value for name, value in self.given.items() if name not in self.errors})


def read_page_question(view: str, address: Mapping[str, str], *, without: Sequence[str] = ()) -> PageQuestion:
    """Read what an address asks for. What cannot be is left out, and told beside its field."""
    given = {name: address[name].strip() for name in NAMES if address.get(name, "").strip()}
    kept = {name: value for name, value in given.items() if name not in without}
    errors: dict[str, str] = {}
    while True:
        try:
            arguments = SpanArguments(unknown=EXCLUDE).load(kept)
            question = answers.read_question(view, arguments, now=utcnow())
            return PageQuestion(question, arguments, given, errors)
        except ValidationError as wrong:
            told = {name: messages[0] for name, messages in wrong.messages_dict.items()}
        except InvalidFieldsError as wrong:
            told = {name: messages[0] for name, messages in wrong.data["errors"].items()}
        except AppError as wrong:  # there is no such station, package or partner
            told = {name: wrong.detail for name in ("station_sn", "package_id", "partner_id") if name in kept}
        errors |= {name: translate_refusal(message) for name, message in told.items()}
        dropped = set(told) | ({"from", "to", "range"} if {"from", "to", "range"} & set(told) else set())
        kept = {name: value for name, value in kept.items() if name not in dropped}
