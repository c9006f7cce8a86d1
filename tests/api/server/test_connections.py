"""The memory and the threads that slow connections share."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore

import pytest

from powerbank.api.server.connections import MOST_BUFFERED, UNCOUNTED, Connection, Memory
from powerbank.api.server.request_bodies import Body


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_bodies_share_a_budget_and_small_ones_need_none(pair: tuple[socket.socket, socket.socket]) -> None:
    memory = Memory(100_000)
    large, other, small = (Connection(pair[0], ("", 1), ("", 1), memory, Semaphore(1)) for _ in range(3))
    for connection, length in ((large, 150_000), (other, 150_000), (small, UNCOUNTED)):
        connection.begin_body(Body(200_000, 200_000))
        connection.received += bytes(length)
    assert not large.take_body()
    with pytest.raises(MemoryError):
        other.take_body()
    assert not small.take_body()
    large.forget_request()
    assert memory.held == 0


def test_what_slow_readers_leave_shares_it_too(pair: tuple[socket.socket, socket.socket]) -> None:
    memory = Memory(2_000_000)
    slow, slower = (Connection(pair[0], ("", 1), ("", 1), memory, Semaphore(1)) for _ in range(2))
    slow.sock.sendall(bytes(1_500_000))
    assert memory.held > 400_000
    with pytest.raises(OSError, match="no room"):
        slower.sock.sendall(bytes(1_500_000))
    assert not slower.sock.left
    slow.sock.forget()
    assert memory.held == 0


def test_only_some_threads_wait_for_readers_of_very_large_answers(pair: tuple[socket.socket, socket.socket]) -> None:
    waiting = Semaphore(1)
    connection = Connection(pair[0], ("", 1), ("", 1), Memory(10**8), waiting)
    with waiting, pytest.raises(TimeoutError):
        connection.sock.sendall(bytes(MOST_BUFFERED + 1_000_000))
    connection.sock.forget()
    reading = ThreadPoolExecutor(1).submit(lambda: sum(map(len, iter(lambda: pair[1].recv(65536), b""))))
    connection.sock.sendall(bytes(2 * MOST_BUFFERED))
    assert len(connection.sock.left) <= MOST_BUFFERED
    deadline = time.monotonic() + 120
    while not connection.sock.flush():
        assert time.monotonic() < deadline
    pair[0].shutdown(socket.SHUT_WR)
    assert reading.result(30) == connection.sock.sent
    assert connection.sock.sent > 2 * MOST_BUFFERED
