"""The web server as it is delivered, in front of the tests' database."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.stack.ports import free_ports

ROOT = Path(__file__).parents[3]


class Server:
    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log

    def ask(self, request: str) -> tuple[str, dict[str, str], bytes]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request.encode("latin-1"))
            answer = b""
            while part := connection.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *headers = head.decode("latin-1").split("\r\n")
        return status, {name.lower(): value for name, value in (line.split(": ", 1) for line in headers)}, body


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_ports().web
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.py", "wsgi:app"],
            cwd=ROOT,
            stderr=output,
            env={**os.environ, "PORT": str(port), "WEB_PROCESSES": "1"},
        )
    try:
        deadline = time.monotonic() + 120
        while b"Booting worker" not in log.read_bytes():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()  # noqa: PT018
            time.sleep(0.05)
        yield Server(port, log)
    finally:
        process.terminate()
        process.wait(20)
