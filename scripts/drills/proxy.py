"""Stands between a client and its server: can swallow answers, and change the server behind."""

import contextlib
import socket
import threading
from collections.abc import Callable

Connect = Callable[[], socket.socket]


def to_port(port: int) -> Connect:
    return lambda: socket.create_connection(("127.0.0.1", port), timeout=5)


def to_socket(path: str) -> Connect:
    def connect() -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.connect(path)
        return made

    return connect


class Proxy:
    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._swallow = b""
        self._to_swallow = 0
        self.swallowed = 0
        self._closed = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def swallow(self, request: bytes, *, times: int = 1) -> None:
        """The server gets the next requests that contain this; their answers and connections are lost."""
        self._swallow, self._to_swallow = request, times

    def lead_to(self, connect: Connect) -> None:
        self._connect = connect
        self.cut()

    def cut(self) -> None:
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _close(*pair)

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _forget_the_ended(self) -> None:
        self._pairs = [pair for pair in self._pairs if pair[0].fileno() >= 0]
        self._threads = [thread for thread in self._threads if thread.is_alive()]

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._connect()
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            self._forget_the_ended()
            self._pairs.append((client, server))
            doomed = threading.Event()
            for target in (self._requests, self._answers):
                thread = threading.Thread(target=target, args=(client, server, doomed), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _requests(self, client: socket.socket, server: socket.socket, doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self._to_swallow and self._swallow in data:
                    self._to_swallow -= 1
                    doomed.set()
                server.sendall(data)
        _close(client, server)

    def _answers(self, client: socket.socket, server: socket.socket, doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if doomed.is_set():
                    self.swallowed += 1
                    break
                client.sendall(data)
        _close(client, server)


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
