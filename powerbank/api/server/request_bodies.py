"""The body of a request while it is on its way: collected as it arrives, and no more of it than its route takes."""

import io
from typing import IO, NoReturn

from werkzeug.exceptions import RequestEntityTooLarge

_LONGEST_SIZE_LINE = 1024
_LONGEST_TRAILERS = 8192
_HEX = frozenset(b"0123456789abcdefABCDEF")


class BadChunkError(Exception):
    """The chunks of a body cannot be told apart."""


class Unread(io.RawIOBase):
    """Stands for a body that is larger than its route takes. Reading it refuses the request; a route that first asks
    for a sign-in refuses for that reason instead."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> NoReturn:
        raise RequestEntityTooLarge

    readinto = readline = readlines = read  # type: ignore[assignment]


class Body:
    """A body that arrives. `length` is what the caller announced, or None for a body in chunks."""

    def __init__(self, length: int | None, most: int) -> None:
        self.content = bytearray()
        self.too_large = length is not None and length > most
        self._length = length
        self._most = most
        self._chunk_left = 0
        self._chunk_ends = False  # the line's end behind a chunk comes next
        self._trailers: int | None = None  # bytes of them so far, once they have begun

    def take(self, received: bytearray) -> bool:
        """Move what belongs to this body out of `received`; True once the body is whole, or too large to be read."""
        if self.too_large:
            return True
        if self._length is None:
            return self._take_chunks(received)
        wanted = self._length - len(self.content)
        self.content += received[:wanted]
        del received[:wanted]
        return len(self.content) == self._length

    def stream(self) -> IO[bytes]:
        return Unread() if self.too_large else io.BytesIO(self.content)  # type: ignore[return-value]

    def _take_chunks(self, received: bytearray) -> bool:
        while received and self._trailers is None:
            if self._chunk_left:
                part = received[: self._chunk_left]
                del received[: len(part)]
                self.content += part
                self._chunk_left -= len(part)
                self._chunk_ends = not self._chunk_left
            elif self._chunk_ends:
                if len(received) < 2:
                    return False
                if received[:2] != b"\r\n":
                    raise BadChunkError
                del received[:2]
                self._chunk_ends = False
            elif not self._begin_chunk(received):
                return False
            if len(self.content) + self._chunk_left > self._most:
                self.too_large = True
                return True
        return self._trailers is not None and self._pass_trailers(received)

    def _begin_chunk(self, received: bytearray) -> bool:
        line = _line(received, _LONGEST_SIZE_LINE)
        if line is None:
            return False
        digits = line.partition(b";")[0].rstrip(b" \t")
        if not digits or len(digits) > 15 or not _HEX.issuperset(digits):
            raise BadChunkError
        self._chunk_left = int(digits, 16)
        if not self._chunk_left:
            self._trailers = 0
        return True

    def _pass_trailers(self, received: bytearray) -> bool:
        """Pass by the trailers, since nothing of ours reads them. True once they have ended."""
        while (line := _line(received, _LONGEST_TRAILERS)) is not None:
            self._trailers = (self._trailers or 0) + len(line)
            if not line:
                return True
            if self._trailers > _LONGEST_TRAILERS:
                raise BadChunkError
        return False


def _line(received: bytearray, longest: int) -> bytes | None:
    """Take the next line without its end; None while it is not whole."""
    end = received.find(b"\r\n", 0, longest + 2)
    if end < 0:
        if len(received) > longest:
            raise BadChunkError
        return None
    line = bytes(received[:end])
    del received[: end + 2]
    if b"\r" in line or b"\n" in line:
        raise BadChunkError
    return line
