"""What every form of a page that changes something stands on: it is sent once, and a refusal goes back to the page."""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, request, url_for
from marshmallow import EXCLUDE, Schema, ValidationError
from werkzeug import Response as AnyResponse

from powerbank.api.auth import principal
from powerbank.api.openapi import note_for_document
from powerbank.base import idempotency
from powerbank.base.db import new_id, transaction
from powerbank.base.errors import AppError, InvalidFieldsError
from powerbank.pages.language import translate, translate_refusal

ONCE = "once"  # the field with the key of a form, which `ui.once()` writes
_KEY = re.compile(r"[0-9a-f-]{36}")
_PLAIN_PATH = re.compile(r"(/[\w.-]+)+/?(\?[\w.=&%+:-]*)?", re.ASCII)
_NOT_OF_THE_FORM = (ONCE, "csrf_token")
_ADDRESS = "text/uri-list"  # what is kept of an answer is the address to which it leads
_SHOWN_WHERE_IT_STANDS = (401, 403, 404)  # going back would lead to the same refusal


class _NotDoneError(Exception):
    """The view answered with its form again, so what it has begun is rolled back."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def new_key() -> str:
    """Make the key of a form that is shown now."""
    return str(new_id())


def idempotent_form(view: Callable[..., Any]) -> Callable[..., AnyResponse]:
    """Make a form happen once, however often its button is pressed, as `@idempotent` does for the API.

    It opens the transaction of the view. A form that is sent again leads to where it led the first time. A view that
    answers without a redirect has done nothing.
    """

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> AnyResponse:
        key = request.form.get(ONCE, "")
        if not _KEY.fullmatch(key):
            raise AppError("idempotency_key_required", 400, "The form was too old. Please try again.")
        identity = {"principal": principal(), "route": f"{request.method} {request.path}", "key": key}
        try:
            with transaction():
                earlier = idempotency.claim_key(**identity, body=_fields())
                if earlier is not None:
                    return redirect((earlier.body or b"").decode())
                answer = make_response(view(*args, **kwargs))
                if answer.location is None:
                    raise _NotDoneError(answer)  # noqa: TRY301
                idempotency.keep_answer(
                    **identity, status=answer.status_code, body=answer.location.encode(), content_type=_ADDRESS
                )
                return answer
        except _NotDoneError as not_done:
            return not_done.answer

    note_for_document(wrapper, idempotent=True)
    return wrapper


def find_way_back(wanted: str | None, otherwise: str) -> str:
    """Say where a form leads that names its way back: to a plain path of ours, never to another site."""
    return wanted if wanted and _PLAIN_PATH.fullmatch(wanted) else otherwise


def load_form(schema: type[Schema], **more: Any) -> dict[str, Any]:
    """Read a form as the API reads a body. A field that was left empty counts as one that is not there."""
    return load_body(schema, {name: value for name, value in request.form.items() if value.strip()} | more)


def load_body(schema: type[Schema], given: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a page has made of its form as the API reads a body."""
    try:
        loaded: dict[str, Any] = schema(unknown=EXCLUDE).load(given)
    except ValidationError as wrong:
        told = [f"{name}: {translate_refusal(str(texts[0]))}" for name, texts in wrong.messages_dict.items() if texts]
        raise InvalidFieldsError(wrong.messages_dict, " ".join(told)) from None
    return loaded


def refusals_lead_to(endpoint: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have a refusal of a form lead to a page, with the arguments of the form's address, where it is shown on top."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            try:
                return view(*args, **kwargs)
            except AppError as refused:
                if refused.status in _SHOWN_WHERE_IT_STANDS or refused.status >= 500:
                    raise
                flash(translate_refusal(refused.detail), "bad")
                known = {name: value for name, value in kwargs.items() if name in _arguments_of(endpoint)}
                return redirect(url_for(endpoint, **known))

        return wrapper

    return decorate


def read_form(schema: type[Schema], **readers: Callable[[str], str]) -> dict[str, Any]:
    """Read the fields of a form as the API reads the same body, or refuse and say what is wrong with which field.

    Fields that were left empty count as not given. A reader turns what a field of a browser gives into what the API
    takes.
    """
    given = {name: value.strip() for name, value in request.form.items() if value.strip()}
    try:
        for name, read in readers.items():
            if name in given:
                given[name] = read(given[name])
        return dict(schema(unknown=EXCLUDE).load(given))
    except ValidationError as wrong:
        told = (f"{translate(_label(name))}: {translate_refusal(messages[0])}" for name, messages in _errors(wrong))
        raise AppError("invalid_fields", 422, " ".join(told)) from wrong
    except ValueError as wrong:
        raise AppError("invalid_fields", 422, translate_refusal("Invalid value.")) from wrong


def _errors(wrong: ValidationError) -> Iterator[tuple[str, list[str]]]:
    for name, messages in wrong.messages_dict.items():
        yield str(name), [str(each) for each in (messages if isinstance(messages, list) else [messages])]


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _arguments_of(endpoint: str) -> set[str]:
    return {name for rule in current_app.url_map.iter_rules(endpoint) for name in rule.arguments}


def _fields() -> bytes:
    """Give what was filled in: the key and the token of the page are not part of it."""
    given = sorted(item for item in request.form.items(multi=True) if item[0] not in _NOT_OF_THE_FORM)
    return json.dumps(given).encode()
