"""What our worker leans on inside gunicorn. After an update of gunicorn that fails here, read the worker again."""

import inspect
import socket

import gunicorn
from gunicorn.config import Config
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.http.wsgi import Response
from gunicorn.workers.base import Worker as BaseWorker
from gunicorn.workers.gthread import ThreadWorker

PEER = ("192.0.2.1", 1)
POST = b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"


def read(head: bytes) -> Request:
    return Request(Config(), IterUnreader([head]), PEER, 1)


def test_the_version_is_the_one_that_the_worker_was_written_against() -> None:
    assert gunicorn.version_info[:2] == (27, 0)


def test_a_head_is_read_from_its_own_bytes_alone() -> None:
    request = read(POST + b"Content-Length: 90000\r\n\r\n")
    assert (request.method, request.path, request._expected_100_continue) == ("POST", "/a", True)
    assert ("CONTENT-LENGTH", "90000") in request.headers
    assert isinstance(request.body, Body)
    assert isinstance(request.body.reader, LengthReader)
    assert request.body.reader.length == 90000
    assert isinstance(read(POST + b"Transfer-Encoding: chunked\r\n\r\n").body.reader, ChunkedReader)
    assert read(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").body.reader.length == 0


def test_a_request_can_be_told_to_be_the_last_of_its_connection() -> None:
    request = read(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert not request.should_close()
    request.force_close()
    assert request.should_close()


def test_an_answer_is_written_by_sendall_alone() -> None:
    class Sock:
        def __init__(self) -> None:
            self.written = b""

        def sendall(self, data: bytes) -> None:
            self.written += data

    sock = Sock()
    response = Response(read(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), sock, Config())
    response.start_response("200 OK", [("Content-Length", "2")])
    response.write(b"ok")
    response.close()
    assert sock.written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert sock.written.endswith(b"\r\n\r\nok")


def test_the_worker_has_the_parts_that_ours_calls_and_replaces() -> None:
    for name in ("handle_request", "set_accept_enabled", "wait_for_and_dispatch_events", "is_parent_alive", "accept"):
        assert callable(getattr(ThreadWorker, name)), name
    used = inspect.getsource(ThreadWorker.handle_request)
    assert "wsgi.create(req, conn.sock, conn.client,\n                                        conn.server" in used
    assert "len(self.keepalived_conns) >= self.max_keepalived" in used  # ours puts nothing there
    made = inspect.getsource(ThreadWorker.__init__)
    assert all(f"self.{name} = " in made for name in ("tpool", "poller", "method_queue", "nr_conns", "_accepting"))
    assert "self.run()" in inspect.getsource(BaseWorker.init_process)


def test_a_poller_can_be_asked_about_a_listening_socket_and_a_pipe() -> None:
    """`wait_for_and_dispatch_events` calls what was registered with the file that is ready."""
    worker = ThreadWorker.__new__(ThreadWorker)
    called: list[object] = []
    one, other = socket.socketpair()
    with one, other:
        import selectors

        worker.poller = selectors.DefaultSelector()
        worker.poller.register(one, selectors.EVENT_READ, called.append)
        other.send(b"x")
        worker.wait_for_and_dispatch_events(1.0)
        worker.poller.close()
        assert called == [one]
