"""Calls to clients' own addresses lead to the public internet or nowhere."""

import contextlib
import hmac
import socket
import ssl
import threading
import time

import pytest
from hypothesis import HealthCheck, settings

from powerbank.integrations.callbacks import client
from powerbank.integrations.callbacks.client import Callbacks
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.integrations.errors import VendorError
from tests.integrations.callbacks.conftest import (
    HOST,
    PUBLIC,
    SECRET,
    Client,
    Network,
    alone,
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
def test_each_status_counts_as_success_or_failure(
    callbacks: Callbacks, theirs: Client, network: Network, status: int, failure: type | None
) -> None:
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
def test_an_unreadable_answer_is_a_vendor_error(callbacks: Callbacks, theirs: Client, answer: bytes) -> None:
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
