"""Forms that follow from a schema of the API: the same fields, the same rules, and each refusal beside its field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, validate

from powerbank.api.fields import Boolean, Money, Time
from powerbank.base.clock import HOME
from powerbank.pages.language import translate_refusal

LONG = 300  # characters from which on a text gets a field of several lines
_NUMBER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class FormField:
    """A field as the page shows it. `kind` is `choice`, `long`, `time`, `number`, `amount` or `text`."""

    name: str
    kind: str
    value: str
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    error: str | None = None

    @property
    def label(self) -> str:
        written = self.name.removesuffix("_id").replace("_", " ")
        return written[:1].upper() + written[1:]


def describe_form(
    schema: Schema,
    *,
    row: Any = None,
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    but: tuple[str, ...] = (),
) -> list[FormField]:
    """Describe the fields of a form: as somebody filled them in, as a row has them, or empty."""
    return [
        FormField(
            name=name,
            kind=_kind(field),
            value=(given or {}).get(name, "") if given is not None else _written(field, row, name),
            required=field.required,
            options=_options(field),
            error=(errors or {}).get(name),
        )
        for name, field in schema.load_fields.items()
        if name not in but
    ]


def read_form(schema: Schema, *, but: tuple[str, ...] = ()) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a form by its schema, and give what is wrong by field instead if something is."""
    given = {
        name: _read(field, request.form[name])
        for name, field in schema.load_fields.items()
        if name in request.form and name not in but
    }
    filled_in = {name: value for name, value in given.items() if value is not _LEFT_OUT}
    try:
        return schema.load(filled_in, unknown=EXCLUDE), {}
    except ValidationError as wrong:
        return {}, flatten_errors(wrong.messages_dict)


def flatten_errors(messages: Mapping[Any, Any]) -> dict[str, str]:
    """Give the first message of each field, in the reader's language."""

    def first(found: Any) -> str:
        while isinstance(found, dict | list):
            found = next(iter(found.values() if isinstance(found, dict) else found), "")
        return translate_refusal(str(found))

    return {str(name): first(found) for name, found in messages.items()}


_LEFT_OUT = object()


def _read(field: fields.Field[Any], written: str) -> Any:
    """Read what stands in a field. An empty one is null where the schema has a null, and else left out."""
    text = written.replace("\r\n", "\n").strip()
    if not text:
        if field.allow_none:
            return None
        return "" if field.required or _may_be_empty(field) else _LEFT_OUT
    if isinstance(field, Time):
        return _as_moment(text)
    if isinstance(field, fields.Integer):
        return int(text) if _NUMBER.fullmatch(text) else text
    return text


def _may_be_empty(field: fields.Field[Any]) -> bool:
    """Tell whether a text without letters is one that the schema takes."""
    shortest = max((each.min or 0 for each in field.validators if isinstance(each, validate.Length)), default=0)
    return isinstance(field, fields.String) and not _options(field) and shortest == 0


def _as_moment(text: str) -> str:
    """Read what a browser gives for a time, which is one at the network's home."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=HOME)).isoformat()


def _written(field: fields.Field[Any], row: Any, name: str) -> str:
    if row is None:
        value = None if field.load_default is missing or callable(field.load_default) else field.load_default
    else:
        value = getattr(row, field.attribute or name, None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(field, Money):
        return str(field.serialize("value", {"value": value}))
    if isinstance(value, datetime):
        return value.astimezone(HOME).strftime("%Y-%m-%dT%H:%M")
    return str(value)


def _kind(field: fields.Field[Any]) -> str:
    if _options(field):
        return "choice"
    if isinstance(field, Time):
        return "time"
    if isinstance(field, Money):
        return "amount"
    if isinstance(field, fields.Integer):
        return "number"
    longest = max((each.max or 0 for each in field.validators if isinstance(each, validate.Length)), default=0)
    return "long" if longest > LONG and not isinstance(field, fields.Url) else "text"


def _options(field: fields.Field[Any]) -> tuple[tuple[str, str], ...]:
    empty = (("", "–"),) if field.allow_none or not field.required else ()
    if isinstance(field, Boolean):
        default = () if field.load_default in (True, False) else empty
        return (*default, ("true", "yes"), ("false", "no"))
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            return (*empty, *((str(each), str(each).replace("_", " ")) for each in rule.choices))
    return ()
