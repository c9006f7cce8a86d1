"""`@idempotent`: a POST that happens once, however often its client sends it."""

import functools
import re
from collections.abc import Callable
from typing import Any

from flask import Response, make_response, request

from powerbank import idempotency
from powerbank.api.auth import note_for_document, principal
from powerbank.db import transaction
from powerbank.errors import AppError

HEADER = "Idempotency-Key"
_VALID = re.compile(r"[\x21-\x7e]{1,255}")


def idempotent(view: Callable[..., Any]) -> Callable[..., Response]:
    """Opens the request's transaction itself, because the answer is kept in it: effects and answer commit
    together, so there is no moment at which one exists without the other. Only successes are kept."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        identity = {"principal": principal(), "route": f"{request.method} {request.path}", "key": _key()}
        with transaction():
            earlier = idempotency.claim(**identity, body=request.get_data())
            if earlier is not None:
                return _replay(earlier)
            response = make_response(view(*args, **kwargs))
            idempotency.keep(
                **identity,
                status=response.status_code,
                body=response.get_data(),
                content_type=response.content_type or "application/json",
            )
        return response

    note_for_document(wrapper, idempotent=True)
    return wrapper


def idempotent_if_asked(view: Callable[..., Any]) -> Callable[..., Response]:
    """The same where the key may be left out. Opens the transaction either way."""
    once = idempotent(view)

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        if HEADER in request.headers:
            return once(*args, **kwargs)
        with transaction():
            return make_response(view(*args, **kwargs))

    note_for_document(wrapper, idempotent="optional")
    return wrapper


def _key() -> str:
    key = request.headers.get(HEADER, "")
    if not key:
        raise AppError("idempotency_key_required", 400, f"Send an {HEADER} header with this request.")
    if not _VALID.fullmatch(key):
        raise AppError("idempotency_key_invalid", 400, f"{HEADER}: up to 255 printable characters, no spaces.")
    return key


def _replay(earlier: idempotency.IdempotencyKey) -> Response:
    response = make_response(earlier.body or b"", earlier.status or 200)
    response.content_type = earlier.content_type or "application/json"
    response.headers["Idempotency-Replayed"] = "true"
    return response
