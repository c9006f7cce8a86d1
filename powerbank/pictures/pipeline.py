"""The one way for a picture into the system.

It is checked by its bytes, and then made anew by a process that is limited in memory and time. The result is a JPEG
with pixels and nothing else.
"""

import subprocess  # nosec B404
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from powerbank.base.errors import AppError, UnavailableError
from powerbank.pictures import decoder
from powerbank.pictures.headers import BrokenHeaderError, Header, detect_format, read_header

log = structlog.get_logger(__name__)

MAXIMUM_PIXELS = 40_000_000
WALL_SECONDS = 15
MAXIMUM_AT_ONCE = 2  # in each process, because one picture may take a gigabyte for a moment
WAIT_SECONDS = 5

DECODER = Path(decoder.__file__)
# None of our settings, because they hold secrets. One arena, so that the memory limit counts what is used.
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}

_places = threading.BoundedSemaphore(MAXIMUM_AT_ONCE)


@dataclass(frozen=True)
class Shape:
    """The wanted shape: at most `side` pixels long, or a square that is cut from the middle."""

    side: int
    square: bool = False


def remake(content: bytes, shape: Shape, *, most_bytes: int) -> bytes:
    """Make the picture anew as an upright JPEG without metadata, or refuse it and say why."""
    header = check_picture(content, most_bytes=most_bytes)
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise _too_many_pictures()
    try:
        return _decode_in_process(content, header, shape)
    finally:
        _places.release()


def check_picture(content: bytes, *, most_bytes: int) -> Header:
    """Refuse whatever can be refused without decoding anything."""
    if len(content) > most_bytes:
        raise AppError("picture_too_large", 413, f"A picture may have {most_bytes // 1_000_000} MB.")
    format_ = detect_format(content)
    if format_ is None:
        raise AppError("picture_type_unsupported", 415, "Send a picture as JPEG, PNG or WebP.")
    try:
        header = read_header(content, format_)
    except BrokenHeaderError:
        raise _picture_broken() from None
    if header.pixels > MAXIMUM_PIXELS:
        raise _too_many_pixels()
    return header


def _decode_in_process(content: bytes, header: Header, shape: Shape) -> bytes:
    size = (str(header.width), str(header.height))
    arguments = [header.format.value, *size, str(shape.side), "square" if shape.square else "whole"]
    try:
        # It is a program of ours, run without a shell, and its arguments are numbers and names of ours.
        done = subprocess.run(  # nosec B603
            [sys.executable, "-I", str(DECODER), *arguments],
            check=False,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WALL_SECONDS,
            env=ENVIRONMENT,
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        # A picture that is too much work ends by the limit of its processor time. Here the machine had none to give,
        # and the same picture may well be read a little later.
        log.warning("a picture took too long to decode", **_describe(header, content))
        raise _too_many_pictures() from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == decoder.TOO_LARGE:
        raise _too_many_pixels()
    if done.returncode != decoder.BROKEN:  # killed by its limits, or by what the picture did to its decoder
        log.warning("the decoder crashed", code=done.returncode, **_describe(header, content))
    if done.returncode > 0 and done.returncode != decoder.BROKEN:
        raise RuntimeError("the decoder did not start")
    raise _picture_broken()


def _describe(header: Header, content: bytes) -> dict[str, object]:
    return {"format": header.format, "width": header.width, "height": header.height, "bytes": len(content)}


def _too_many_pictures() -> AppError:
    return UnavailableError("too_many_pictures", "Too many pictures are being read right now; try again shortly.")


def _picture_broken() -> AppError:
    return AppError("picture_broken", 422, "This picture is damaged or incomplete.")


def _too_many_pixels() -> AppError:
    return AppError("picture_too_many_pixels", 422, f"A picture may have {MAXIMUM_PIXELS // 1_000_000} million pixels.")
