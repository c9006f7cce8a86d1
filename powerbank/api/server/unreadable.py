"""What never becomes a request is refused by the web server while it reads, and told as every other refusal is.

gunicorn by itself answers HTML, and repeats what it could not read there and in its log: a header may hold a token.
"""

from http import HTTPStatus

import structlog

from powerbank.api.problems import problem


class TooSlowError(Exception):
    """The rest of a request did not come in time."""


def answer(status: HTTPStatus) -> bytes:
    told = problem(status, headers={"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None)
    request_id = structlog.contextvars.get_contextvars()["request_id"]
    more = {"Connection": "close", "X-Content-Type-Options": "nosniff", "X-Request-ID": request_id}
    told.headers.update(more)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n{told.headers}"
    return head.encode("latin-1") + told.get_data()
