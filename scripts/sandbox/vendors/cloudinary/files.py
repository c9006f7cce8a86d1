"""The files that were uploaded, and what can be told of an image without decoding it."""

import hashlib
import struct
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

KEPT_BYTES = 256 * 1024 * 1024
CONTENT_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
}

Key = tuple[str, str, str]  # resource type, delivery type, public id


@dataclass(frozen=True)
class Stored:
    public_id: str
    resource_type: str
    type: str
    content: bytes
    format: str | None
    size: tuple[int, int] | None
    tags: tuple[str, ...] = ()
    version: int = field(default_factory=lambda: int(time.time()))

    @property
    def key(self) -> Key:
        return self.resource_type, self.type, self.public_id

    @property
    def etag(self) -> str:
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(self.format or "", "application/octet-stream")

    @property
    def file_name(self) -> str:
        """A raw file's public id has its extension already."""
        return f"{self.public_id}.{self.format}" if self.format and self.resource_type != "raw" else self.public_id

    def as_json(self) -> dict[str, Any]:
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.version))
        told: dict[str, Any] = {
            "asset_id": hashlib.md5("/".join(self.key).encode(), usedforsecurity=False).hexdigest(),
            "public_id": self.public_id,
            "version": self.version,
            "resource_type": self.resource_type,
            "type": self.type,
            "created_at": created,
            "tags": list(self.tags),
            "bytes": len(self.content),
            "etag": self.etag,
            "placeholder": False,
        }
        if self.size:
            told |= {"width": self.size[0], "height": self.size[1]}
        if self.format:
            told["format"] = self.format
        return told


class Store:
    """Forgets the oldest files when there are too many bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[Key, Stored] = OrderedDict()
        self._bytes = 0

    def put(self, stored: Stored) -> None:
        with self._lock:
            self._forget(stored.key)
            self._files[stored.key] = stored
            self._bytes += len(stored.content)
            while self._bytes > KEPT_BYTES:
                self._forget(next(iter(self._files)))

    def get(self, resource_type: str, type_: str, public_id: str) -> Stored | None:
        with self._lock:
            return self._files.get((resource_type, type_, public_id))

    def remove(self, resource_type: str, type_: str, public_id: str) -> bool:
        with self._lock:
            return self._forget((resource_type, type_, public_id))

    def clear(self) -> None:
        with self._lock:
            self._files.clear()
            self._bytes = 0

    def _forget(self, key: Key) -> bool:
        gone = self._files.pop(key, None)
        self._bytes -= len(gone.content) if gone else 0
        return gone is not None


def sniff(content: bytes) -> tuple[str, tuple[int, int] | None] | None:
    """Format, width and height; nothing where it is no image that is known here."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return "png", struct.unpack(">II", content[16:24])
        if content.startswith((b"GIF87a", b"GIF89a")):
            return "gif", struct.unpack("<HH", content[6:10])
        if content.startswith(b"\xff\xd8\xff"):
            return "jpg", _jpeg_size(content)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return "webp", _webp_size(content)
    except (struct.error, IndexError):
        return None
    return ("pdf", None) if content.startswith(b"%PDF-") else None


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while True:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        # Start of frame, of whatever kind; C4, C8 and CC are tables.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length


def _webp_size(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if kind == b"VP8L":
        bits = struct.unpack("<I", content[21:25])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF
