"""`@idempotent` makes a POST happen once, however often its client sends it."""

import functools
import hashlib
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any

from flask import Response, make_response, request

from powerbank.api.auth import principal
from powerbank.api.openapi import note_for_document
from powerbank.base import idempotency
from powerbank.base.db import db, transaction
from powerbank.base.errors import AppError, NotAdmittedError

HEADER = "Idempotency-Key"
_VALID = re.compile(r"[\x21-\x7e]{1,255}")


def idempotent(view: Callable[..., Any]) -> Callable[..., Response]:
    """Make a route happen once for each key. It opens the request's transaction itself, because the answer is kept in
    it: effects and answer commit together, so neither ever exists without the other. Only successes are kept."""
    return _once(view, _nothing_first, required=True)


def idempotent_if_asked(view: Callable[..., Any]) -> Callable[..., Response]:
    """Do the same for a route whose clients may leave the key out: a second such request finds nothing left to do, or
    is refused, so a key only saves the first answer."""
    return _once(view, _nothing_first, required=False)


def idempotent_after(
    prepare: Callable[..., dict[str, Any]], *, required: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Do the same for a route that asks a gateway or decodes a picture before it writes, for which no transaction may
    wait. `prepare` gets what the view gets, runs before the transaction, and answers further arguments of the view. It
    is not run for a request that has its answer already. `arguments` stands above this decorator."""
    return lambda view: _once(view, prepare, required=required)


def idempotent_when(
    admit: Callable[[], AbstractContextManager[None]],
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Do the same for a route that is refused while the system is too slow for it. `admit` refuses before the key is
    claimed, so that a repeat with the same key is a fresh try. A request that has its answer already is never refused,
    and `admit` lasts until the transaction has ended."""
    return lambda view: _once(view, _nothing_first, required=True, admit=admit)


def _nothing_first(*_args: Any, **_kwargs: Any) -> dict[str, Any]:
    return {}


def _once(
    view: Callable[..., Any],
    prepare: Callable[..., dict[str, Any]],
    *,
    required: bool,
    admit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Callable[..., Response]:
    def without_key(*args: Any, **kwargs: Any) -> Response:
        db.session.rollback()
        kwargs |= prepare(*args, **kwargs)
        with transaction():
            return make_response(view(*args, **kwargs))

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        if not required and not request.headers.get(HEADER):
            return without_key(*args, **kwargs)
        identity = {"principal": principal(), "route": f"{request.method} {request.path}", "key": _key()}
        body = _body()
        if prepare is not _nothing_first:
            if (known := idempotency.find_answer(**identity, body=body)) is not None:
                return _replay(known)
            db.session.rollback()  # no transaction stays open while somebody else is waited for
            kwargs |= prepare(*args, **kwargs)
        try:
            with admit(), transaction():
                earlier = idempotency.claim_key(**identity, body=body)
                if earlier is not None:
                    return _replay(earlier)
                response = make_response(view(*args, **kwargs))
                idempotency.keep_answer(
                    **identity,
                    status=response.status_code,
                    body=response.get_data(),
                    content_type=response.content_type or "application/json",
                )
        except NotAdmittedError:
            if (known := idempotency.find_answer(**identity, body=body)) is not None:
                return _replay(known)
            raise
        return response

    note_for_document(wrapper, idempotent=True if required else "optional")
    return wrapper


def _body() -> bytes:
    """Give what was sent. A client that sends a form again separates its parts by another boundary, so of a form only
    the fields and the files count."""
    if request.mimetype != "multipart/form-data":
        return request.get_data()
    files = [(name, _digest(each.stream)) for name, each in request.files.items(multi=True)]
    return json.dumps([sorted(request.form.items(multi=True)), sorted(files)]).encode()


def _digest(stream: IO[bytes]) -> str:
    """Digest a file of a form, from its beginning: reading the form has read the file to its end already."""
    stream.seek(0)
    return hashlib.sha256(stream.read()).hexdigest()


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
