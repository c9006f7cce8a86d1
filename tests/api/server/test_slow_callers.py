"""Callers that are slow on purpose hold nobody up, and are shown the door."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.stack.ports import free_ports

pytestmark = pytest.mark.faults  # a server of its own

ROOT = Path(__file__).parents[3]
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
GET_OTP = b"POST /api/auth/get-otp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CODE = b"POST /api/auth/verify-otp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
WRONG = b'{"nothing": 1}'
THREADS = 2
MOST_OF_AN_ADDRESS = 20
MOST = 100


class Server:
    def __init__(self, port: int) -> None:
        self.port = port

    def connect(self, begin: bytes = b"", address: str = "127.0.0.1") -> socket.socket:
        found = socket.socket()
        found.settimeout(30)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # a machine's own would take megabytes unread
        found.bind((address, 0))
        found.connect(("127.0.0.1", self.port))
        found.sendall(begin)
        return found

    def answers(self) -> bool:
        """Tell whether the server answers another caller."""
        with self.connect(LIVE, "127.0.0.9") as caller:
            return answer(caller)[0] == 200


def answer(caller: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read the next answer byte by byte, because what is behind it belongs to the next one."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = caller.recv(1)
        if not byte:
            raise ConnectionError(f"closed after {head!r}")
        head += byte
    line, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
    body = b""
    while len(body) < int(headers.get("content-length", 0)):
        part = caller.recv(int(headers["content-length"]) - len(body))
        assert part
        body += part
    return int(line.split(" ")[1]), headers, body


def closed(caller: socket.socket) -> bool:
    """Tell whether the server has closed the connection, once all that it sent is read.

    A server that waits for longer than a minute waits for ever.
    """
    caller.settimeout(60)
    with contextlib.suppress(ConnectionError):
        while caller.recv(65536):
            pass
    return True


def waited_for(callers: list[socket.socket]) -> bool:
    """Tell whether none of these callers has been answered that its time is over."""
    return not select.select(callers, [], [], 0)[0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with two threads and short limits: what takes seconds in production takes a few tenths here."""
    port = free_ports().web
    folder = tmp_path_factory.mktemp("gunicorn")
    config = folder / "impatient.py"
    config.write_text(
        f"exec(open({str(ROOT / 'deploy/gunicorn.py')!r}).read())\n"
        f"worker_connections = {MOST}\n"
        "from powerbank.api.server import connections\n"
        "connections.HEAD_WITHIN, connections.REST_WITHIN, keepalive = 5.0, 5.0, 5\n"
    )
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", str(config), "wsgi:app"],
            cwd=ROOT,
            stderr=output,
            env={
                **os.environ,
                "PORT": str(port),
                "WEB_PROCESSES": "1",
                "WEB_THREADS": str(THREADS),
                "CONNECTIONS_PER_ADDRESS": str(MOST_OF_AN_ADDRESS),
            },
        )
    try:
        deadline = time.monotonic() + 30
        while b"Booting worker" not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        found = Server(port)
        assert found.answers()  # the first answer of a process takes longer than others
        yield found
    finally:
        process.terminate()
        assert process.wait(20) == 0


SLOW = {
    "say nothing": b"",
    "begin a head": b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: a",
    "begin a body": GET_OTP + b"Content-Length: 90000\r\n\r\n{",
    "begin a chunk": GET_OTP + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{",
    "read nothing": b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 8,
    "ask for the last answer and stay": b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("number", range(len(SLOW)), ids=SLOW.keys())
def test_a_slow_caller_holds_no_thread_and_is_shut_out(server: Server, number: int) -> None:
    begin = list(SLOW.values())[number]
    with contextlib.ExitStack() as open_ones:
        slow = [open_ones.enter_context(server.connect(begin, f"127.0.2.{number}")) for _ in range(10 * THREADS)]
        # These two callers get their answers at once, so only the other callers are waited for.
        told = begin in (SLOW["read nothing"], SLOW["ask for the last answer and stay"])
        assert server.answers()
        assert told or waited_for(slow), "others are answered only once the time of these is over"
        if begin != SLOW["read nothing"]:  # there is much to read before one sees that it is closed
            assert all(map(closed, slow))
        assert server.answers()


def test_a_request_that_comes_too_slowly_is_answered_408(server: Server) -> None:
    with server.connect(SLOW["begin a body"]) as caller:
        status, headers, body = answer(caller)
        assert (status, headers["content-type"]) == (408, "application/problem+json")
        assert json.loads(body)["code"] == "too_slow"
        assert closed(caller)


def test_an_address_has_so_many_connections_and_its_longest_waiting_one_makes_room(server: Server) -> None:
    with contextlib.ExitStack() as open_ones:
        held = [open_ones.enter_context(server.connect(b"GET", "127.0.0.2")) for _ in range(MOST_OF_AN_ADDRESS)]
        with server.connect(LIVE, "127.0.0.2") as newcomer:
            assert answer(newcomer)[0] == 200
        assert closed(held[0])
        held[-1].sendall(LIVE.removeprefix(b"GET"))
        assert answer(held[-1])[0] == 200


def test_another_address_is_not_counted_with_it(server: Server) -> None:
    with contextlib.ExitStack() as open_ones:
        held = [open_ones.enter_context(server.connect(b"GET", "127.0.0.3")) for _ in range(MOST_OF_AN_ADDRESS)]
        for _ in range(5):
            with server.connect(LIVE, "127.0.0.4") as other:
                assert answer(other)[0] == 200
        for caller in held:
            caller.sendall(LIVE.removeprefix(b"GET"))
            assert answer(caller)[0] == 200


def test_a_server_that_is_full_lets_newcomers_in_for_who_has_waited_longest(server: Server) -> None:
    with contextlib.ExitStack() as open_ones:
        held = [open_ones.enter_context(server.connect(b"GET", f"127.0.3.{number}")) for number in range(MOST)]
        for number in range(10):
            with server.connect(LIVE, f"127.0.4.{number}") as newcomer:
                assert answer(newcomer)[0] == 200
        assert closed(held[0])
        held[-1].sendall(LIVE.removeprefix(b"GET"))
        assert answer(held[-1])[0] == 200


# These callers speak in an unusual way, and they are answered as before.

FORMS: dict[str, bytes] = {
    "a length": CODE + b"Content-Length: 14\r\n\r\n" + WRONG,
    "chunks": CODE
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\n"
    + WRONG[:5]
    + b"\r\n9;x=y\r\n"
    + WRONG[5:]
    + b"\r\n0\r\n\r\n",
    "trailers": CODE + b"Transfer-Encoding: chunked\r\n\r\ne\r\n" + WRONG + b"\r\n0\r\nX-Sum: 1\r\n\r\n",
    "a blank line before": b"\r\n" + CODE + b"Content-Length: 14\r\n\r\n" + WRONG,
}


@pytest.mark.parametrize("whole", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_a_body_is_the_same_in_whatever_pieces_it_comes(server: Server, whole: bytes, piece: int) -> None:
    with server.connect() as caller:
        for begin in range(0, len(whole), piece):
            caller.sendall(whole[begin : begin + piece])
        status, headers, body = answer(caller)
        assert (status, headers["connection"]) == (422, "keep-alive")
        assert "nothing" in json.loads(body)["errors"]
        caller.sendall(LIVE)
        assert answer(caller)[0] == 200


def test_requests_that_come_together_are_answered_in_their_order(server: Server) -> None:
    with server.connect(LIVE + FORMS["chunks"] + LIVE + FORMS["a length"] + LIVE[:20]) as caller:
        assert [answer(caller)[0] for _ in range(4)] == [200, 422, 200, 422]
        caller.sendall(LIVE[20:])
        assert answer(caller)[0] == 200


def test_who_waits_to_be_asked_for_the_body_is_asked(server: Server) -> None:
    with server.connect(CODE + b"Expect: 100-continue\r\nContent-Length: 14\r\n\r\n") as caller:
        assert answer(caller)[0] == 100
        caller.sendall(WRONG)
        assert answer(caller)[0] == 422


def test_a_head_alone_is_answered_to_head(server: Server) -> None:
    with server.connect(LIVE.replace(b"GET", b"HEAD")) as caller:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += caller.recv(1)
        assert head.startswith(b"HTTP/1.1 200")
        caller.sendall(LIVE)
        assert answer(caller)[0] == 200


def test_who_has_said_all_may_close_its_side(server: Server) -> None:
    with server.connect(LIVE) as caller:
        caller.shutdown(socket.SHUT_WR)
        assert answer(caller)[0] == 200
        assert closed(caller)


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 2000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1fffff\r\n"],
    ids=["told", "untold"],
)
@pytest.mark.parametrize(
    ("route", "status"),
    [(b"POST /api/auth/verify-otp", 413), (b"PUT /api/users/me/avatar", 401)],
    ids=["a body", "a stranger's picture"],
)
def test_what_is_too_large_is_refused_before_it_has_come(
    server: Server, framing: bytes, route: bytes, status: int
) -> None:
    head = route + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with server.connect(head + framing) as caller:
        found, headers, _ = answer(caller)
        assert (found, headers["connection"]) == (status, "close")


@pytest.mark.parametrize("chunks", [b"x\r\n", b"-1\r\n", b"1\r\nab\r\n", b"1\nx", b"f" * 2000, b"1\r;\r\n"])
def test_chunks_that_cannot_be_told_apart_are_refused(server: Server, chunks: bytes) -> None:
    with server.connect(CODE + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"\r\n\r\n") as caller:
        assert answer(caller)[0] == 400


def test_many_at_once_are_all_answered(server: Server) -> None:
    def ask(number: int) -> list[int]:
        with server.connect(LIVE, f"127.0.1.{number + 1}") as caller:
            statuses = [answer(caller)[0]]
            for _ in range(20):
                caller.sendall(FORMS["chunks"])
                statuses.append(answer(caller)[0])
            return statuses

    with ThreadPoolExecutor(30) as callers:
        assert set(map(tuple, callers.map(ask, range(30)))) == {(200, *[422] * 20)}
