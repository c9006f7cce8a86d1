"""What gunicorn refuses before the application hears of it is told like every other refusal, and repeats nothing."""

import json

import pytest

from tests.api.server.conftest import Server

pytestmark = pytest.mark.faults  # a server of its own

SECRET = "a-token-that-nobody-may-read"
REQUEST = "GET /health/live HTTP/1.1\r\nHost: x\r\n"
REFUSED = {
    "an address without end": (f"GET /{'a' * 5000} HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
    "a header without end": (f"{REQUEST}X-Long: {'a' * 9000}\r\n\r\n", 431, "headers_too_large"),
    "too many headers": (REQUEST + "X-One: 1\r\n" * 200 + "\r\n", 431, "headers_too_large"),
    "a header that is none": (f"{REQUEST}Authorization {SECRET}\r\n\r\n", 400, "bad_request"),
    "a control character": (f"{REQUEST}Authorization: {SECRET}\x00\r\n\r\n", 400, "bad_request"),
    "not HTTP": (f"{SECRET}\r\n\r\n", 400, "bad_request"),
    "a version that is none": (f"GET /?code={SECRET} HTTP/9.9\r\nHost: x\r\n\r\n", 400, "bad_request"),
    "a body of two lengths": (
        "POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
        "bad_request",
    ),
}


@pytest.mark.parametrize(("request_", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused_as_a_problem(server: Server, request_: str, status: int, code: str) -> None:
    line, headers, body = server.ask(request_)
    assert line.startswith(f"HTTP/1.1 {status} ")
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(body)
    told = json.loads(body)
    assert (told["status"], told["code"], told["request_id"]) == (status, code, headers["x-request-id"])
    assert SECRET.encode() not in body
    assert SECRET not in server.log.read_text()


def test_what_can_be_read_is_answered_by_the_application(server: Server) -> None:
    line, headers, _ = server.ask(f"{REQUEST}Connection: close\r\n\r\n")
    assert line == "HTTP/1.1 200 OK"
    assert "x-request-id" in headers


def test_the_id_of_another_request_is_not_told(server: Server) -> None:
    for _ in range(20):  # each thread has answered somebody
        server.ask(f"{REQUEST}X-Request-ID: somebody-elses\r\nConnection: close\r\n\r\n")
    ids = {server.ask(f"{REQUEST}no header\r\n\r\n")[1]["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
    assert "somebody-elses" not in ids
