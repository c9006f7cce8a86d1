"""MQTT passwords of stations: made here, shown once, kept as hashes."""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import datetime

import bcrypt
from sqlalchemy.dialects.postgresql import insert

from powerbank.db import open_session
from powerbank.stations.models import Credentials, Station

# The password is random, 192 bits: no guessing is slow enough to matter, and a broker checks thousands of
# them when it comes back. These are the least that bcrypt and Mosquitto's own tool take.
_BCRYPT_ROUNDS = 4
_PBKDF2_ROUNDS = 101


@dataclass(frozen=True)
class Shown:
    """What the station is set up with. It cannot be shown again."""

    username: str
    password: str


def issue(station: Station, *, now: datetime) -> Shown:
    """A new password in place of the one before."""
    password = secrets.token_urlsafe(24)
    hashes = {
        "username": station.imei,
        "bcrypt": bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_ROUNDS)).decode(),
        "pbkdf2": pbkdf2(password),
        "rotated_at": now,
    }
    made = insert(Credentials).values(station_id=station.id, **hashes)
    open_session().execute(made.on_conflict_do_update(index_elements=["station_id"], set_=hashes))
    return Shown(station.imei, password)


def pbkdf2(password: str) -> str:
    """As `mosquitto_passwd` writes it."""
    salt = os.urandom(12)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
