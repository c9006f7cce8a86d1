"""An HTTP server on this machine that records requests, and answers as a test tells it."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: int  # the other end's port: the same as long as the connection is


@dataclass
class Receiver:
    url: str = ""
    port: int = 0
    got: list[Received] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    seconds_between_bytes: float = 0


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore callers that hang up: some tests are about them."""


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.got.append(Received(self.command, self.path, headers, body, self.client_address[1]))
            self.send_response(kept.status)
            for name, value in {"Content-Type": "application/json", **kept.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(kept.body)))
            try:
                self.end_headers()
                self.write()
            except OSError:
                self.close_connection = True

        def write(self) -> None:
            if not kept.seconds_between_bytes:
                self.wfile.write(kept.body)
                return
            for byte in kept.body:
                self.wfile.write(bytes([byte]))
                time.sleep(kept.seconds_between_bytes)

        do_GET = do_POST = answer  # noqa: N815  # as the library calls them

        def log_message(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    kept.url = f"http://127.0.0.1:{kept.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
