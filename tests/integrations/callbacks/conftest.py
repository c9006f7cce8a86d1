"""A client's server behind TLS on this machine, and a network that leads to it."""

import contextlib
import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from powerbank.integrations.callbacks.client import Callbacks, PinnedConnection

HOST = "hooks.client.example"


PUBLIC = "93.184.216.34"


NOBODY_LISTENS = 1  # at this port


SECRET = "callback-secret"


@dataclass
class Client:
    """The server of a client, behind TLS on this machine."""

    port: int
    trusted: ssl.SSLContext
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    pause: float = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Client]:
    pem = certificate(tmp_path, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    kept = Client(listener.getsockname()[1], ssl.create_default_context(cafile=str(pem)))
    context.sni_callback = lambda _socket, name, _context: kept.names.append(name)
    ended = threading.Event()

    def serve(plain: socket.socket) -> None:
        plain.settimeout(5)
        with contextlib.suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as secure:
            head, _, body = secure.recv(65536).partition(b"\r\n\r\n")
            length = int(dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])[b"Content-Length"])
            while len(body) < length:
                body += secure.recv(65536)
            kept.heads.append(head)
            kept.bodies.append(body)
            for byte in [kept.answer[at : at + 1] for at in range(len(kept.answer))] if kept.pause else [kept.answer]:
                secure.sendall(byte)
                time.sleep(kept.pause)

    def listen() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=listen)
    thread.start()
    yield kept
    ended.set()
    thread.join()
    listener.close()


@dataclass
class Network:
    """A resolver that answers what a test sets, and connections that all lead to the server above."""

    port: int = 0
    found: list[str] = field(default_factory=lambda: [PUBLIC])
    asked: list[str] = field(default_factory=list)
    reached: list[tuple[str, int]] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)

    def resolve(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.found

    def connection(self, address: str, port: int, **given: Any) -> PinnedConnection:
        self.reached.append((address, port))
        return PinnedConnection("127.0.0.1", NOBODY_LISTENS if address in self.dead else self.port, **given)


@pytest.fixture
def network(theirs: Client) -> Network:
    return Network(theirs.port)


@pytest.fixture
def callbacks(theirs: Client, network: Network) -> Callbacks:
    return Callbacks(
        hosts=[HOST], secret=SECRET, resolve=network.resolve, connection=network.connection, context=theirs.trusted
    )


def alone(network: Network, hosts: list[str]) -> Callbacks:
    """Give callbacks that can reach nobody and trust nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Callbacks(
        hosts=hosts, secret=SECRET, resolve=network.resolve, connection=network.connection, context=context
    )
