"""Many stations from one CSV file. Each row stands alone: a wrong one is reported and keeps none from coming in."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from psycopg2 import errors as pg
from sqlalchemy.exc import IntegrityError

from powerbank.db import open_session
from powerbank.errors import AppError
from powerbank.stations import services
from powerbank.stations.admin_schemas import StationSchema
from powerbank.stations.credentials import Shown

MOST_ROWS = 5000
NUMBERS = ("lat", "lng", "slots")
COLUMNS = ("sn", "imei", "name", "address", "city", "lat", "lng", "slots", "protocol", "timezone", "partner_id")
NEEDED = COLUMNS[:9]


@dataclass
class Line:
    row: int
    sn: str | None
    result: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    mqtt: Shown | None = None


def read(data: bytes) -> list[dict[str, str]]:
    """The rows of the file. Refuses one that is no such file at all."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable("The file is not UTF-8.") from None
    if "\x00" in text:
        raise _unreadable("Text must not hold NUL.")
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        heading = [name.strip() for name in reader.fieldnames or ()]
        if missing := [name for name in NEEDED if name not in heading]:
            raise _unreadable(f"The first line must name these columns too: {', '.join(missing)}.")
        if unknown := sorted(set(heading) - set(COLUMNS)):
            raise _unreadable(f"Unknown columns: {', '.join(unknown)}.")
        reader.fieldnames = heading
        rows = list(reader)
    except csv.Error as error:
        raise _unreadable(f"Not a CSV file: {error}.") from None
    if not 1 <= len(rows) <= MOST_ROWS:
        raise _unreadable(f"Between 1 and {MOST_ROWS} stations in one file.")
    return rows


def bring_in(rows: list[dict[str, str]], *, dry_run: bool, now: datetime) -> list[Line]:
    """A dry run does all of it and takes it back, so that it finds what the real one would."""
    session = open_session()
    everything = session.begin_nested()
    lines = [_bring_in(number, row, now) for number, row in enumerate(rows, start=2)]
    if not dry_run:
        everything.commit()
        return lines
    everything.rollback()
    for line in lines:
        line.mqtt = None
        line.result = "valid" if line.result == "created" else line.result
    return lines


def _bring_in(number: int, row: dict[str, str], now: datetime) -> Line:
    sn = (row.get("sn") or "").strip() or None
    try:
        facts = StationSchema().load(_typed(row))
    except ValidationError as refused:
        return Line(number, sn, "refused", _flat(refused.messages_dict))
    try:
        with open_session().begin_nested():
            _, shown = services.register(now=now, **facts)
    except IntegrityError as refused:
        if not isinstance(refused.orig, pg.UniqueViolation):
            raise
        known = "imei" if "imei" in str(refused.orig.diag.constraint_name) else "sn"
        return Line(number, sn, "refused", {known: ["A station has this already."]})
    return Line(number, sn, "created", mqtt=shown)


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """An empty cell is a value that is not given."""
    given: dict[str, Any] = {
        name: value.strip() for name, value in row.items() if isinstance(value, str) and value.strip()
    }
    if row.get(""):
        given["row"] = "more cells than columns"
    for name in NUMBERS:
        try:
            given[name] = int(given[name]) if name == "slots" else float(given[name])
        except (KeyError, ValueError):
            continue  # the schema says what is wrong with it
    return given


def _flat(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: [str(each) for each in found] for name, found in messages.items()}


def _unreadable(detail: str) -> AppError:
    return AppError("bad_file", 422, detail)
