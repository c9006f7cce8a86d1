"""Make the MQTT passwords of stations. Each is shown once and kept as hashes only."""

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

# A password has 192 random bits, so that nobody can guess it however fast a guess is. A broker checks thousands of them
# when it comes back. So these are the fewest rounds that bcrypt and Mosquitto's own tool accept.
_BCRYPT_ROUNDS = 4
_PBKDF2_ROUNDS = 101


@dataclass(frozen=True)
class NewCredentials:
    """What a station is set up with. The password cannot be shown again."""

    username: str
    password: str


def issue_credentials(station: Station, *, now: datetime) -> NewCredentials:
    """Give a station a new password in place of the one before."""
    [issued] = issue_credentials_for([station], now=now)
    return issued


def issue_credentials_for(stations: Sequence[Station], *, now: datetime) -> list[NewCredentials]:
    """Give each of these stations a new password."""
    issued = [NewCredentials(station.imei, secrets.token_urlsafe(24)) for station in stations]
    rows = [
        {
            "station_id": station.id,
            "username": station.imei,
            "bcrypt": _hash_with_bcrypt(each.password),
            "pbkdf2": hash_for_mosquitto(each.password),
            "rotated_at": now,
        }
        for station, each in zip(stations, issued, strict=True)
    ]
    made = insert(Credentials)
    changes = {name: made.excluded[name] for name in rows[0] if name != "station_id"}
    open_session().execute(made.on_conflict_do_update(index_elements=["station_id"], set_=changes), rows)
    return issued


def _hash_with_bcrypt(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_ROUNDS)).decode()


def hash_for_mosquitto(password: str) -> str:
    """Hash a password in the form in which `mosquitto_passwd` writes it."""
    salt = os.urandom(12)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
