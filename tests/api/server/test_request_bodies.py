"""The reader of bodies by itself: it takes what belongs to a body, and no more."""

from collections.abc import Callable

import pytest

from powerbank.api.server.request_bodies import BadChunkError, Body, Unread


def taken(body: Body, whole: bytes, piece: int) -> tuple[bool, bytes]:
    received, done = bytearray(), False
    for begin in range(0, len(whole), piece):
        received += whole[begin : begin + piece]
        done = done or body.take(received)
    return done, bytes(received)


@pytest.mark.parametrize("piece", range(1, 12))
def test_what_is_behind_a_body_stays(piece: int) -> None:
    chunked = Body(None, 100)
    assert taken(chunked, b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nGET", piece) == (True, b"GET")
    assert chunked.stream().read() == b"abc0123456789"
    sized = Body(3, 100)
    assert taken(sized, b"abcGET", piece) == (True, b"GET")
    assert sized.stream().read() == b"abc"


@pytest.mark.parametrize("make", [lambda: Body(11, 10), lambda: Body(None, 10)], ids=["told", "untold"])
def test_no_more_is_kept_than_a_route_takes(make: Callable[[], Body]) -> None:
    body = make()
    assert body.take(bytearray(b"b\r\n0123456789a"))
    assert body.too_large
    assert isinstance(body.stream(), Unread)
    assert len(body.content) <= 10


def test_trailers_have_an_end() -> None:
    body = Body(None, 10)
    assert not body.take(bytearray(b"0\r\n"))
    with pytest.raises(BadChunkError):
        body.take(bytearray(b"X-A: aaaaaaaaaaaaaaaa\r\n" * 1000))
