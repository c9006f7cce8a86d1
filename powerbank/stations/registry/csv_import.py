"""Import stations from a CSV file. A wrong row is refused, and the others are imported all the same."""

import csv
import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.errors import AppError
from powerbank.stations.models import Station
from powerbank.stations.registry import services
from powerbank.stations.registry.credentials import NewCredentials
from powerbank.stations.registry.schemas import StationSchema

MOST_ROWS = 5000
NUMBERS = ("lat", "lng", "slots")
COLUMNS = ("sn", "imei", "name", "address", "city", "lat", "lng", "slots", "protocol", "timezone", "partner_id")
NEEDED = COLUMNS[:9]


@dataclass
class ImportedRow:
    """What became of one row of the file."""

    row: int
    sn: str | None
    result: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    mqtt: NewCredentials | None = None


# Who knows which partners there are: `powerbank.wiring` says so.
KnownPartners = Callable[[Collection[UUID]], set[UUID]]

_known_partners: list[KnownPartners] = []


def register_known_partners(find: KnownPartners) -> None:
    _known_partners[:] = [find]


ValidRow = tuple[ImportedRow, dict[str, Any]]


def read_rows(data: bytes) -> list[dict[str, str]]:
    """Read the rows of a file, and refuse a file that is no such CSV file at all."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _make_error("The file is not UTF-8.") from None
    if "\x00" in text:
        raise _make_error("Text must not hold NUL.")
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        heading = [name.strip() for name in reader.fieldnames or ()]
        if missing := [name for name in NEEDED if name not in heading]:
            raise _make_error(f"The first line must name these columns too: {', '.join(missing)}.")
        if unknown := sorted(set(heading) - set(COLUMNS)):
            raise _make_error(f"Unknown columns: {', '.join(unknown)}.")
        reader.fieldnames = heading
        rows = list(reader)
    except csv.Error as error:
        raise _make_error(f"Not a CSV file: {error}.") from None
    if not 1 <= len(rows) <= MOST_ROWS:
        raise _make_error(f"Between 1 and {MOST_ROWS} stations in one file.")
    return rows


def import_stations(rows: list[dict[str, str]], *, dry_run: bool, now: datetime) -> list[ImportedRow]:
    """Register the stations of these rows. A dry run checks all of them and registers none."""
    lines, good = [], []
    for number, row in enumerate(rows, start=2):
        line = ImportedRow(number, (row.get("sn") or "").strip() or None, "valid")
        lines.append(line)
        try:
            good.append((line, StationSchema().load(_convert_cells(row))))
        except ValidationError as refused:
            line.result, line.errors = "refused", _flatten_errors(refused.messages_dict)
    new = _refuse_known(_refuse_unknown_partners(good))
    if new and not dry_run:
        made = services.register_stations([facts for _, facts in new], now=now)
        for (line, _), (_, shown) in zip(new, made, strict=True):
            line.result, line.mqtt = "created", shown
    return lines


def _refuse_known(good: list[ValidRow]) -> list[ValidRow]:
    """Refuse rows whose number or IMEI a station or an earlier row has, and give the others.

    If somebody registers the same station at this moment, the database refuses the whole file, which can be sent again.
    """
    new = []
    taken = {name: _find_taken(name, [facts[name] for _, facts in good]) for name in ("sn", "imei")}
    for line, facts in good:
        repeated = [name for name in taken if facts[name] in taken[name]]
        if repeated:
            line.result = "refused"
            line.errors = {name: ["A station has this already."] for name in repeated}
            continue
        for name, values in taken.items():
            values.add(facts[name])
        new.append((line, facts))
    return new


def _refuse_unknown_partners(good: list[ValidRow]) -> list[ValidRow]:
    named = {facts["partner_id"] for _, facts in good} - {None}
    known = {partner_id for find in _known_partners for partner_id in find(named)} if named else set()
    for line, facts in good:
        if facts["partner_id"] not in {None, *known}:
            line.result, line.errors = "refused", {"partner_id": ["There is no such partner."]}
    return [(line, facts) for line, facts in good if line.result != "refused"]


def _find_taken(name: str, wanted: list[str]) -> set[str]:
    column = Station.sn if name == "sn" else Station.imei
    return set(open_session().scalars(select(column).where(column.in_(wanted))))


def _convert_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the cells of a row into the values of the schema. An empty cell is a value that is not given."""
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


def _flatten_errors(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: [str(each) for each in found] for name, found in messages.items()}


def _make_error(detail: str) -> AppError:
    return AppError("bad_file", 422, detail)
