"""What never becomes a request: refused by gunicorn while it reads, and told as every other refusal is.

gunicorn by itself answers HTML, and repeats what it could not read there and in its log: a header may hold a token.
"""

import uuid
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from powerbank.api.problems import problem

_STATUS = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
}
# Wrong in what the application answers, although they look like errors of the caller.
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        structlog.contextvars.clear_contextvars()  # of who was answered before in this thread
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        status = _status(exc)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.error("the server failed between request and answer", exc_info=exc)
        else:
            self.log.warning("unreadable request, %d: %s", status, type(exc).__name__)
        try:
            util.write_nonblock(client, answer(status))
        except OSError:
            self.log.debug("the caller was gone before its refusal")


def _status(error: BaseException) -> HTTPStatus:
    if not isinstance(error, errors.ParseException) or isinstance(error, _OURS):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)


def answer(status: HTTPStatus) -> bytes:
    told = problem(status)
    request_id = structlog.contextvars.get_contextvars()["request_id"]
    more = {"Connection": "close", "X-Content-Type-Options": "nosniff", "X-Request-ID": request_id}
    told.headers.update(more)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n{told.headers}"
    return head.encode("latin-1") + told.get_data()
