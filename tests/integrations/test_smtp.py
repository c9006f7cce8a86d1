"""A mail server that offers encryption is given no password before it is used."""

import socketserver
import threading
from collections.abc import Iterator

import pytest

from powerbank.integrations.errors import VendorError
from powerbank.integrations.smtp import client as smtp

ANSWERS = {b"EHLO": b"250-mail\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n", b"STARTTLS": b"454 not now\r\n"}


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    heard: list[bytes]


class Talk(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            verb = line.split()[0].upper()
            self.server.heard.append(verb)
            self.wfile.write(ANSWERS.get(verb, b"221 bye\r\n"))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Talk) as server:
        server.heard = []
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


def test_no_password_goes_in_clear_where_encryption_is_on_offer(server: Server) -> None:
    with pytest.raises(VendorError):
        smtp.send(
            url=f"smtp://user:password@127.0.0.1:{server.server_address[1]}", sender="a@example.com",
            to="b@example.com", subject="x", text="x",
        )  # fmt: skip
    assert server.heard[:2] == [b"EHLO", b"STARTTLS"]
    assert b"AUTH" not in server.heard
