"""The format and the size of a picture, read from its first bytes. Nothing is decoded, so it costs no memory."""

import struct
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """The formats that are taken, by Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"


@dataclass(frozen=True)
class Header:
    format: Format
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


class BrokenHeaderError(Exception):
    """The bytes begin like a picture, and end before they say its size."""


def detect_format(content: bytes) -> Format | None:
    """Detect the format by the bytes. Whoever uploads a file writes its name and type, so these are not used."""
    if content.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Format.WEBP
    return None


def read_header(content: bytes, format_: Format) -> Header:
    try:
        width, height = _SIZES[format_](content)
    except (struct.error, IndexError):
        raise BrokenHeaderError from None
    if width < 1 or height < 1:
        raise BrokenHeaderError
    return Header(format_, width, height)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Read the size from the first start of frame. The segments before it are skipped; one may hold a thumbnail."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise BrokenHeaderError
        marker = content[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # they stand alone
            at += 2
            continue
        if marker in (0xD8, 0xD9, 0xDA):  # a picture, its end or its data, before any frame
            raise BrokenHeaderError
        (length,) = struct.unpack_from(">H", content, at + 2)
        if length < 2:
            raise BrokenHeaderError
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # those three are tables
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + length


def _png_size(content: bytes) -> tuple[int, int]:
    if content[12:16] != b"IHDR":
        raise BrokenHeaderError
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _webp_size(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        if len(content) < 30:
            raise BrokenHeaderError
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise BrokenHeaderError


_SIZES = {Format.JPEG: _jpeg_size, Format.PNG: _png_size, Format.WEBP: _webp_size}
