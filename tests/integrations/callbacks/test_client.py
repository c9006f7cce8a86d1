"""Calls to clients' own addresses lead to the public internet or nowhere."""

import contextlib
import datetime
import hmac
import ipaddress
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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powerbank.integrations.callbacks import client
from powerbank.integrations.callbacks.addresses import is_public, parse_target
from powerbank.integrations.callbacks.client import Callbacks, PinnedConnection
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.integrations.errors import VendorError

HOST = "hooks.client.example"
PUBLIC = "93.184.216.34"
NOBODY_LISTENS = 1  # at this port
SECRET = "callback-secret"

HOSTILE = [
    "",
    "hooks.client.example",
    "//hooks.client.example/",
    "/etc/passwd",
    "javascript:alert(1)",
    f"http://{HOST}/",
    f"ftp://{HOST}/",
    f"file://{HOST}/etc/passwd",
    f"gopher://{HOST}/",
    f"HTTPS+x://{HOST}/",
    f"https://{HOST}:8443/",
    f"https://{HOST}:80/",
    f"https://{HOST}:0/",
    f"https://{HOST}:99999/",
    f"https://{HOST}:x/",
    f"https://user@{HOST}/",
    f"https://user:password@{HOST}/",
    f"https://{HOST}@127.0.0.1/",
    f"https://@{HOST}/",
    f"https://{HOST}\\@127.0.0.1/",
    f"https://127.0.0.1\\.{HOST}/",
    f"https://{HOST}/#part",
    f"https://{HOST} /",
    f"https://{HOST}/a b",
    f"https://{HOST}/\r\nX: y",
    f"https://{HOST}/\tx",
    f"https://{HOST}\x00/",
    f"https://{HOST}/ü",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://127.0.0.1.:443/",
    "https://1.2.3.0x7f/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:2800:220:1::1]/",
    "https://[::1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://metadata/",
    "https://redis:6379/",
    "https://hooks.client.example./",
    "https://.client.example/",
    "https://hooks..example/",
    "https://-hooks.example/",
    "https://hooks_.example/",
    "https://hооks.client.example/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://hooks.client.example%00.evil.example/",
    "https:///path",
    "https://?x",
    "https://",
    "https:hooks.client.example",
    f"https://{'a.' * 130}example/",
    f"https://{HOST}/{'a' * 2000}",
]

NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 (an address that is asked about, not bound)
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:1::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "4000::1",
]

IS_PUBLIC = [
    PUBLIC,
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.0.0.1",
    "128.0.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.0.1",
    "192.169.0.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:2800:220:1::1",
    "2400:cb00::1",
    "2001:4860:4860::8888",
    "2a00::1",
    "2003::1",
]


@dataclass
class Client:
    """Somebody's server behind TLS, on this machine."""

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
    """A resolver that says what it is told, and connections that lead to the server above whatever their address."""

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
    """Where nobody is to be reached: it trusts nobody either."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Callbacks(
        hosts=hosts, secret=SECRET, resolve=network.resolve, connection=network.connection, context=context
    )


def test_a_registered_host_is_told(callbacks: Callbacks, theirs: Client, network: Network) -> None:
    assert callbacks.send(f"https://{HOST.upper()}/hook?x=1", b'{"a": 1}') == 204
    assert network.asked == [HOST]
    assert network.reached == [(PUBLIC, 443)]
    assert theirs.names == [HOST]
    lines = theirs.heads[0].decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert lines[0] == "POST /hook?x=1 HTTP/1.1"
    assert headers["Host"] == HOST
    assert theirs.bodies == [b'{"a": 1}']
    moment, signature = (part.split("=")[1] for part in headers["Powerbank-Signature"].split(","))
    assert abs(int(moment) - time.time()) < 5
    expected = hmac.new(SECRET.encode(), moment.encode() + b"." + theirs.bodies[0], "sha256").hexdigest()
    assert signature == expected


@pytest.mark.parametrize("hosts", [[HOST], ["*"]])
@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_addresses_are_refused_before_anybody_is_asked(hosts: list[str], url: str) -> None:
    network = Network()
    callbacks = alone(network, hosts)
    with pytest.raises(CallbackRefusedError):
        callbacks.check(url)
    with pytest.raises(CallbackRefusedError):
        callbacks.send(url, b"{}")
    assert (network.asked, network.reached) == ([], [])


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_names_that_lead_inside_are_refused(address: str) -> None:
    network = Network()
    callbacks = alone(network, [HOST])
    for network.found in ([address], [PUBLIC, address], [address, PUBLIC]):
        with pytest.raises(CallbackRefusedError):
            callbacks.send(f"https://{HOST}/", b"{}")
    assert network.reached == []


@pytest.mark.parametrize("address", IS_PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("hosts", "allowed"), [([], False), (["another.example"], False), (["*"], True), ([HOST], True)]
)
def test_only_registered_hosts_are_called(hosts: list[str], allowed: bool) -> None:
    callbacks = alone(Network(), hosts)
    with contextlib.nullcontext() if allowed else pytest.raises(CallbackRefusedError):
        callbacks.check(f"https://{HOST}/")


def test_a_name_is_resolved_once(callbacks: Callbacks, network: Network) -> None:
    """A second answer, of a resolver that changed its mind, is never asked for."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    callbacks._public._resolve = lambda _host: next(answers)
    assert callbacks.send(f"https://{HOST}/", b"{}") == 204
    assert network.reached == [(PUBLIC, 443)]


def test_the_next_address_is_tried(callbacks: Callbacks, network: Network) -> None:
    network.found, network.dead = ["2606:2800:220:1::1", PUBLIC], {"2606:2800:220:1::1"}
    assert callbacks.send(f"https://{HOST}/", b"{}") == 204
    network.dead.add(PUBLIC)
    with pytest.raises(VendorError):
        callbacks.send(f"https://{HOST}/", b"{}")


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (200, None),
        (299, None),
        (301, CallbackRefusedError),
        (307, CallbackRefusedError),
        (404, CallbackRefusedError),
        (410, CallbackRefusedError),
        (429, VendorError),
        (500, VendorError),
        (503, VendorError),
    ],
)
def test_each_answer(callbacks: Callbacks, theirs: Client, network: Network, status: int, failure: type | None) -> None:
    theirs.answer = f"HTTP/1.1 {status} X\r\nLocation: https://127.0.0.1/\r\n\r\n".encode()
    with pytest.raises(failure) if failure else contextlib.nullcontext():
        assert callbacks.send(f"https://{HOST}/", b"{}") == status
    assert len(network.reached) == 1  # a redirect is not followed


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    ],
)
def test_what_is_no_answer(callbacks: Callbacks, theirs: Client, answer: bytes) -> None:
    theirs.answer = answer
    with pytest.raises(VendorError):
        callbacks.send(f"https://{HOST}/", b"{}")


def test_hints_before_the_answer_are_passed_over(callbacks: Callbacks, theirs: Client) -> None:
    theirs.answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n"
    assert callbacks.send(f"https://{HOST}/", b"{}") == 202


def test_a_dripping_answer_ends_in_time(callbacks: Callbacks, theirs: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS_IN_ALL", 0.5)
    theirs.answer, theirs.pause = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50, 0.1
    began = time.monotonic()
    with pytest.raises(VendorError):
        callbacks.send(f"https://{HOST}/", b"{}")
    assert time.monotonic() - began < 20, "it drips for more than half a minute"


def test_a_resolver_that_hangs_ends_in_time(callbacks: Callbacks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS_IN_ALL", 0.2)
    given_up = threading.Event()
    callbacks._public._resolve = lambda _host: given_up.wait(60) and [PUBLIC]
    began = time.monotonic()
    with pytest.raises(VendorError):
        callbacks.send(f"https://{HOST}/", b"{}")
    given_up.set()
    assert time.monotonic() - began < 30, "half of what the resolver would have taken"


def test_a_server_that_never_shakes_hands_ends_in_time(
    callbacks: Callbacks, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SECONDS_IN_ALL", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network.port = silent.getsockname()[1]
        with pytest.raises(VendorError):
            callbacks.send(f"https://{HOST}/", b"{}")


def test_a_name_that_is_not_there(callbacks: Callbacks) -> None:
    def nowhere(_host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    callbacks._public._resolve = nowhere
    with pytest.raises(VendorError):
        callbacks.send(f"https://{HOST}/", b"{}")


def test_the_certificate_must_be_of_that_host(theirs: Client, network: Network) -> None:
    for hosts, context in ((["another.example"], theirs.trusted), ([HOST], ssl.create_default_context())):
        callbacks = Callbacks(
            hosts=hosts, secret=SECRET, resolve=network.resolve, connection=network.connection, context=context
        )
        with pytest.raises(CallbackRefusedError, match="certificate"):
            callbacks.send(f"https://{hosts[0]}/", b"{}")
    assert theirs.bodies == []


# The first text that hypothesis makes takes seconds on a busy machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(st.text() | st.text().map(lambda rest: f"https://{rest}") | st.text().map(lambda rest: f"https://{HOST}{rest}"))
def test_any_text_is_refused_or_of_a_registered_host(url: str) -> None:
    with contextlib.suppress(CallbackRefusedError):
        found = parse_target(url, [HOST])
        assert found.host == HOST
        assert found.path.isascii()
        assert not set(found.path) & set(" \r\n\t\x00")


@unhurried
@given(st.ip_addresses())
def test_nothing_reserved_is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
