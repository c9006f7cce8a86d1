"""Problem documents: every refusal leaves as `application/problem+json` (RFC 9457), and no internals with it."""

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, has_request_context, json
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from powerbank.api.language import ENGLISH, wanted_language
from powerbank.api.translations import translate
from powerbank.base.database_errors import describe_for_log, format_stack, is_away, is_damaged
from powerbank.base.errors import AppError

log = structlog.get_logger(__name__)

_CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "too_slow",
    409: "conflict",
    410: "gone",
    413: "body_too_large",
    414: "address_too_long",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    422: "validation_failed",
    429: "rate_limited",
    431: "headers_too_large",
    500: "internal_error",
    503: "unavailable",
}

# People may read these texts; werkzeug's own speak of the framework.
_DETAILS = {
    400: "The request could not be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    408: "The rest of the request did not come in time.",
    413: "The body is larger than this address takes.",
    414: "The address is too long.",
    415: "Send JSON, with Content-Type: application/json.",
    416: "There is nothing in this range.",
    422: "Some fields are missing or wrong.",
    431: "The headers are too large, or too many.",
    500: "Something went wrong on our side. It has been recorded.",
}


def describe_status(status: int) -> str:
    """Say for people what a status means."""
    return _DETAILS.get(status, HTTPStatus(status).phrase)


def problem(
    status: int, code: str | None = None, detail: str | None = None, headers: dict[str, str] | None = None, **data: Any
) -> Response:
    """Make a problem document in the language that the caller reads. The status gives code and detail, unless given."""
    code, phrase = code or _CODES.get(status, "error"), HTTPStatus(status).phrase
    # Who sent something that never became a request asked for no language.
    language = wanted_language() if has_request_context() else ENGLISH
    if "errors" in data:
        data["errors"] = {
            field: [translate(message, language) for message in messages] for field, messages in data["errors"].items()
        }
    body = {
        "type": f"urn:powerbank:problem:{code}",
        "title": translate(phrase, language),
        "status": status,
        "detail": translate(detail or describe_status(status), language),
        "code": code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        **data,
    }
    response = Response(json.dumps(body), status, content_type="application/problem+json")
    response.headers.extend(headers or {})
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = language
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        response.headers["Connection"] = "close"  # what is left of the body is not read
    return response


def problem_as_bytes(status: HTTPStatus) -> bytes:
    """Write a refusal as it goes over the wire, for the web server, where it refuses what never becomes a request.

    gunicorn by itself answers HTML, and repeats what it could not read there and in its log: a header may hold a token.
    """
    response = problem(status, headers={"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None)
    response.headers["Connection"] = "close"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Request-ID"] = structlog.contextvars.get_contextvars()["request_id"]
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n{response.headers}"
    return head.encode("latin-1") + response.get_data()


def init_app(app: Flask) -> None:
    app.register_error_handler(AppError, _app_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(PoolTimeoutError, _database_busy)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(Exception, _unexpected)


def _app_error(error: AppError) -> Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.status, error.code, error.detail, headers, **error.data)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect is not a problem
    data: dict[str, Any] = {}
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        data["errors"] = _field_errors(getattr(error, "data", {}).get("messages", {}))
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "Content-Range")}
    return problem(status, headers=headers, **data)


def _field_errors(messages: dict[str, Any]) -> dict[str, list[str]]:
    """Flatten the messages of fields: webargs groups them by place (json, query) and marshmallow nests them, but
    clients get one flat map of field paths."""
    flat: dict[str, list[str]] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{path}.{key}" if path else str(key), inner)
        elif isinstance(value, list):
            flat.setdefault(path or "_schema", []).extend(str(item) for item in value)
        else:
            flat.setdefault(path or "_schema", []).append(str(value))

    for inner in messages.values():
        walk("", inner)
    return flat


def _database_busy(error: PoolTimeoutError) -> Response:
    log.error("no database connection free")
    return problem(503, "busy", "Too busy right now; try again shortly.", {"Retry-After": "2"})


def _database_error(error: DBAPIError) -> Response:
    """Answer 503 while the database is away, in trouble or too slow (a deadlock, a lock or a statement that took too
    long), and 500 to a refusal of the database that nobody foresaw, because that is our mistake."""
    if is_away(error) or is_damaged(error) or isinstance(error, OperationalError):
        log.error("database away", **describe_for_log(error))
        return problem(503, "unavailable", "A part of the system is away; try again shortly.", {"Retry-After": "5"})
    log.error("refused by the database", stack=format_stack(error), **describe_for_log(error))
    return problem(500)


def _unexpected(error: Exception) -> Response:
    log.error("unhandled error", exc_info=error)
    return problem(500)
