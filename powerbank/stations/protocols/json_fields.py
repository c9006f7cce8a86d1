"""Read JSON that anybody may have written. Every value is checked, cut or left out, and nothing raises."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from powerbank.stations.protocols.protocol import MAX_PAYLOAD, MAX_SLOT, Note, Oddity, Reason, Undecodable

MAX_ENTRIES = 64
MAX_DEPTH = 4
MAX_TEXT = 500
MAX_NOTES = 20
LARGEST = 2**63 - 1
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
IDENTIFIER = re.compile(r"[\x21-\x7e]{1,100}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The clock of a device that was never set starts in 1970 or 2000, so a time outside of these says nothing.
EARLIEST, LATEST = datetime(2001, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Fields:
    """The fields of one JSON object, and what is odd about those that were read."""

    __slots__ = ("notes", "raw")

    def __init__(self, raw: dict[str, Any], notes: list[Note] | None = None) -> None:
        self.raw = raw
        self.notes = [] if notes is None else notes

    def note(self, oddity: Oddity, detail: str) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(Note(oddity, detail))

    def whole(self, name: str, low: int, high: int) -> int | None:
        value = self.raw.get(name)
        if type(value) is float and value.is_integer() and abs(value) <= LARGEST:
            value = int(value)
        if type(value) is int and low <= value <= high:
            return value
        if value is None:
            return None
        self.note(Oddity.FIELD, name)
        return None

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.raw.get(name)
        if value is None:
            return None
        if type(value) in (int, float) and low <= value <= high:  # NaN is in no range
            return float(value)
        self.note(Oddity.FIELD, name)
        return None

    def slot(self) -> int | None:
        return self.whole("slot_number", 1, MAX_SLOT)

    def charge(self) -> int | None:
        value = self.number("battery_level", 0, 100)
        return None if value is None else round(value)

    def matching(self, name: str, pattern: re.Pattern[str]) -> str | None:
        value = self.raw.get(name)
        if value is None:
            return None
        if type(value) is int and abs(value) <= LARGEST:
            value = str(value)
        if type(value) is str and pattern.fullmatch(value):
            return value
        self.note(Oddity.FIELD, name)
        return None

    def serial(self) -> str | None:
        return self.matching("powerbank_sn", SERIAL)

    def identifier(self, name: str) -> str | None:
        return self.matching(name, IDENTIFIER)

    def flag(self, name: str) -> bool | None:
        value = self.raw.get(name)
        if value is None or type(value) is bool:
            return value
        self.note(Oddity.FIELD, name)
        return None

    def time(self, name: str) -> datetime | None:
        value = self.raw.get(name)
        if value is None:
            return None
        found = _read_time(value)
        if found is None:
            self.note(Oddity.FIELD, name)
        return found

    def facts(self, name: str) -> Mapping[str, object] | None:
        """Read a free object, cut to a size that may be kept."""
        value = self.raw.get(name)
        if value is None:
            return None
        if type(value) is not dict:
            self.note(Oddity.FIELD, name)
            return None
        if not value:
            return value
        shortened = _shorten(value, 1)
        # NaN differs from itself, so that it counts as shortened too.
        if shortened != value:
            self.note(Oddity.SHORTENED, name)
        return shortened  # type: ignore[no-any-return]  # an object stays one


def parse_object(payload: bytes) -> Fields | Undecodable:
    """Parse a payload that must be one JSON object."""
    if len(payload) > MAX_PAYLOAD:
        return Undecodable(Reason.TOO_LONG, f"{len(payload)} bytes")
    try:
        raw = _parse(payload)
    except UnicodeDecodeError:
        return Undecodable(Reason.TEXT)
    except RecursionError:
        return Undecodable(Reason.JSON, "nested too deeply")
    except ValueError:  # a number of thousands of digits as well
        return Undecodable(Reason.JSON)
    if type(raw) is not dict:
        return Undecodable(Reason.SHAPE, "not an object")
    return Fields(raw)


def _parse(payload: bytes) -> Any:
    """Parse with orjson, which takes a fifth of the time but refuses what devices do send, as NaN; then with json."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return json.loads(payload.decode("utf-8"))


def _read_time(value: object) -> datetime | None:
    """Read a time: ISO 8601 with a zone, or seconds or milliseconds since 1970."""
    try:
        found = _parse_time(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and found.tzinfo and EARLIEST <= found < LATEST else None


def _parse_time(value: object) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value[:40])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    return None


def _shorten(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value[:MAX_TEXT])
    if isinstance(value, dict):
        some = list(value.items())[:MAX_ENTRIES] if depth <= MAX_DEPTH else []
        return {_shorten(name, depth): _shorten(part, depth + 1) for name, part in some}
    if isinstance(value, list):
        return [_shorten(part, depth + 1) for part in value[:MAX_ENTRIES]] if depth <= MAX_DEPTH else []
    if isinstance(value, int | float):
        return value if -LARGEST <= value <= LARGEST else None  # NaN is in no range
    return value
