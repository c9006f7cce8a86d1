"""MQTT passwords of stations: made here, shown once, kept as hashes."""

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import bcrypt
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import open_session
from powerbank.stations.models import Credentials, Station

# The password is random, 192 bits: no guessing is slow enough to matter, and a broker checks thousands of
# them when it comes back. These are the least that bcrypt and Mosquitto's own tool take.
_BCRYPT_ROUNDS = 4
_PBKDF2_ROUNDS = 101


@dataclass(frozen=True)
class NewCredentials:
    """What the station is set up with. It cannot be shown again."""

    username: str
    password: str


def issue_credentials(station: Station, *, now: datetime) -> NewCredentials:
    """A new password in place of the one before."""
    [shown] = issue_credentials_of_all([station], now=now)
    return shown


def issue_credentials_of_all(stations: Sequence[Station], *, now: datetime) -> list[NewCredentials]:
    shown = [NewCredentials(station.imei, secrets.token_urlsafe(24)) for station in stations]
    rows = [
        {
            "station_id": station.id,
            "username": station.imei,
            "bcrypt": _hash_with_bcrypt(each.password),
            "pbkdf2": hash_for_mosquitto(each.password),
            "rotated_at": now,
        }
        for station, each in zip(stations, shown, strict=True)
    ]
    made = insert(Credentials)
    news = {name: made.excluded[name] for name in rows[0] if name != "station_id"}
    open_session().execute(made.on_conflict_do_update(index_elements=["station_id"], set_=news), rows)
    return shown


def _hash_with_bcrypt(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_ROUNDS)).decode()


def hash_for_mosquitto(password: str) -> str:
    """As `mosquitto_passwd` writes it."""
    salt = os.urandom(12)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
