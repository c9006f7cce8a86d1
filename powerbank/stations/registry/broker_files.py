"""Write the password and rule files of a Mosquitto broker from the accounts of the stations."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import Select, select

from powerbank.base.db import db
from powerbank.stations.models import BrokerState, Credentials, Station
from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.registry.credentials import hash_for_mosquitto

PASSWORDS, RULES = "mosquitto.passwords", "mosquitto.rules"
_SAFE = re.compile(r"[^\s:+#]{1,64}")


def find_accounts_version() -> int:
    """Find the number that grows with each change of who may connect."""
    return db.session.scalar(select(BrokerState.accounts_version)) or 0


def list_accounts() -> Iterator[tuple[str, str, str]]:
    """List the user name, the bcrypt hash and the Mosquitto hash of every station that may connect."""
    query = _select_accounts(Credentials.username, Credentials.bcrypt, Credentials.pbkdf2).order_by(
        Credentials.username
    )
    for row in db.session.execute(query):
        yield row.username, row.bcrypt, row.pbkdf2


def write_broker_files(folder: Path, *, broker_url: str) -> int:
    """Write both files, each in one step, and count the stations in them."""
    address = urlsplit(broker_url)
    service = unquote(address.username or "")
    if not _SAFE.fullmatch(service):
        raise ValueError("MQTT_URL names no user that a broker's file could hold")
    lines = [f"{service}:{hash_for_mosquitto(unquote(address.password or ''))}"]
    stations = [f"{name}:{hashed}" for name, _, hashed in list_accounts()]
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder / PASSWORDS, [*lines, *stations])
    _put(
        folder / RULES,
        [f"user {service}", "topic readwrite #", "", *_make_patterns()],
    )
    return len(stations)


def _make_patterns() -> list[str]:
    """Make the rules by which a station reaches only the topics below its own user name."""
    return [f"pattern readwrite {each.below.format(imei='%u')}/#" for each in PROTOCOLS.values()]


def _select_accounts(*columns: Any) -> Select[Any]:
    return select(*columns).join(Station, Station.id == Credentials.station_id).where(Station.active)


def _put(path: Path, lines: list[str]) -> None:
    """Put a file in its place, so that a broker that reads it meanwhile sees the old one or the new one."""
    new = path.with_name(f"{path.name}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w") as file:  # noqa: PTH123
        file.write("\n".join(lines) + "\n")
    new.replace(path)
