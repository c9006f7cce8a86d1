"""The head of a request, as far as a stream needs it, and the answers that are no stream."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from io import BytesIO
from urllib.parse import parse_qs

import orjson

LONGEST_HEAD = 8 * 1024
_REQUEST_LINE = re.compile(rb"(?P<method>[A-Z]{1,20}) (?P<target>/[!-~]*) HTTP/1\.[01]")
STREAM = b"/live/stream"

_SECURITY = (
    b"Cache-Control: no-store\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: default-src 'none'\r\n"
    b"Referrer-Policy: no-referrer\r\n"
    b"Connection: close\r\n"
)
_MORE = {
    HTTPStatus.METHOD_NOT_ALLOWED: "Allow: GET, OPTIONS\r\n",
    HTTPStatus.SERVICE_UNAVAILABLE: "Retry-After: 5\r\n",
    HTTPStatus.TOO_MANY_REQUESTS: "Retry-After: 5\r\n",
}
# What is between us and the client passes each event on at once, and as it is.
_STREAM_HEADERS = b"Content-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n"


@dataclass(frozen=True)
class Request:
    method: bytes
    path: bytes
    ticket: str
    origin: bytes | None


class UnreadableError(Exception):
    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def _too_large() -> UnreadableError:
    return UnreadableError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large")


class HeadReader:
    """Takes the bytes of a connection until the head of its one request is there."""

    __slots__ = ("_received",)

    def __init__(self) -> None:
        self._received = bytearray()

    def read(self, received: bytes) -> Request | None:
        self._received += received
        if (end := self._received.find(b"\r\n\r\n")) < 0:
            if len(self._received) > LONGEST_HEAD:
                raise _too_large()
            return None
        if end > LONGEST_HEAD:
            raise _too_large()
        first, _, rest = bytes(self._received[: end + 4]).partition(b"\r\n")
        line = _REQUEST_LINE.fullmatch(first)
        if line is None:
            raise UnreadableError(HTTPStatus.BAD_REQUEST, "bad_request")
        try:
            headers = parse_headers(BytesIO(rest))
        except HTTPException as error:  # too many, or one is too long
            raise _too_large() from error
        path, _, query = line["target"].partition(b"?")
        origin = headers.get("Origin")
        return Request(line["method"], path, _ticket_in(query), origin.encode() if isinstance(origin, str) else None)


def _ticket_in(query: bytes) -> str:
    try:
        found = parse_qs(query.decode("ascii"), max_num_fields=10).get("ticket", [])
    except ValueError:
        return ""
    return found[0] if len(found) == 1 else ""


def stream_head(origin: bytes | None) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + _STREAM_HEADERS + _SECURITY + _cors(origin) + b"\r\n"


def preflight(origin: bytes | None) -> bytes:
    """Tell a browser that a page of the origin may ask for a stream."""
    allowed = b"Access-Control-Allow-Methods: GET\r\nAccess-Control-Allow-Headers: cache-control, last-event-id\r\n"
    return b"HTTP/1.1 204 No Content\r\n" + _SECURITY + (_cors(origin) + allowed if origin else _cors(origin)) + b"\r\n"


def refusal(status: HTTPStatus, code: str, detail: str, *, origin: bytes | None = None) -> bytes:
    """Answer with a problem document, as the API does."""
    body = orjson.dumps(
        {
            "type": f"urn:powerbank:problem:{code}",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            "code": code,
            "request_id": None,
        }
    )
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n{_MORE.get(status, '')}"
    )
    return head.encode() + _SECURITY + _cors(origin) + b"\r\n" + body


def _cors(origin: bytes | None) -> bytes:
    """`origin` is one that we let read the answer, or None."""
    return b"Vary: Origin\r\n" + (b"Access-Control-Allow-Origin: " + origin + b"\r\n" if origin else b"")
