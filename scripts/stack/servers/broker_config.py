"""The files that Mosquitto and NATS read, from one list of accounts."""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Protocol

MOSQUITTO_HASH = "$7$"
BCRYPT_HASHES = ("$2a$", "$2b$", "$2y$")


class Account(Protocol):
    @property
    def username(self) -> str: ...
    @property
    def password_or_hash(self) -> str: ...


def mosquitto(
    folder: Path, stations_port: int, service_port: int, service: Account, stations: list[Any]
) -> dict[str, str]:
    settings = {
        "per_listener_settings": "true",
        "persistence": "true",
        "persistence_location": f"{folder}/",
        # What a crash may lose; the default is half an hour.
        "autosave_interval": "5",
        "max_queued_messages": "100000",
        # That the daemon has not yet acknowledged; the default of 20 would make every batch that small.
        "max_inflight_messages": "2000",
        "log_dest": "stdout",
    }
    if os.geteuid() == 0:
        # It would become the account `mosquitto`, which cannot read these files.
        settings["user"] = "root"
    # Each listener knows its own accounts only. A station's client id is the name of its account, whatever it says.
    to_service = _mosquitto_listener(folder, service_port, "service")
    to_stations = _mosquitto_listener(folder, stations_port, "stations") | {"use_username_as_clientid": "true"}
    patterns = [f"pattern readwrite {topic}/#" for topic in _station_topics("%u")]
    rules = ["user " + service.username, "topic readwrite #", "", *patterns]
    return {
        "mosquitto.conf": "".join(
            f"{name} {value}\n" for part in (settings, to_service, to_stations) for name, value in part.items()
        ),
        "mosquitto.rules": "\n".join(rules) + "\n",
        "service.passwords": _mosquitto_passwords([service]),
        "stations.passwords": _mosquitto_passwords(stations),
    }


def _mosquitto_listener(folder: Path, port: int, accounts: str) -> dict[str, str]:
    return {
        "listener": f"{port} 127.0.0.1",
        "allow_anonymous": "false",
        "password_file": str(folder / f"{accounts}.passwords"),
        "acl_file": str(folder / "mosquitto.rules"),
    }


def _mosquitto_passwords(accounts: list[Any]) -> str:
    return "".join(f"{account.username}:{_mosquitto_hash(account)}\n" for account in accounts)


def _mosquitto_hash(account: Account) -> str:
    given = account.password_or_hash
    if given.startswith(MOSQUITTO_HASH):
        return given
    salt = os.urandom(12)
    made = hashlib.pbkdf2_hmac("sha512", given.encode(), salt, 101)
    encoded = [base64.b64encode(part).decode() for part in (salt, made)]
    return f"{MOSQUITTO_HASH}101${encoded[0]}${encoded[1]}"


def nats(folder: Path, port: int, service: Account, stations: list[Any]) -> dict[str, str]:
    users: list[dict[str, Any]] = [{"user": service.username, "password": service.password_or_hash}]
    for account in stations:
        own = [_nats_subject(topic) for topic in _station_topics(account.username)]
        # Of the server's own subjects, a client needs only the one on which messages of QoS 1 come to it. Whoever may
        # write to `$MQTT.msgs` speaks as any station, and whoever reads `$MQTT.sess` knows each client id.
        permissions = {"publish": own, "subscribe": [*own, "$MQTT.sub.>"]}
        users.append({"user": account.username, "password": account.password_or_hash, "permissions": permissions})
    for user in users:
        user["allowed_connection_types"] = ["MQTT"]  # and not NATS's own protocol, which knows no client ids
    # NATS reads JSON as well as its own format; here everything is quoted, numeric names included.
    configuration = {
        "server_name": "powerbank",
        # NATS's own protocol, which nobody uses here, on whatever port is free.
        "host": "127.0.0.1",
        "port": -1,
        "jetstream": {"store_dir": str(folder / "nats")},
        "mqtt": {"host": "127.0.0.1", "port": port, "ack_wait": "10s", "max_ack_pending": 2000},
        "authorization": {"users": users},
    }
    return {"nats.conf": json.dumps(configuration, indent=1)}


def _station_topics(username: str) -> list[str]:
    """Where a station may publish and subscribe, whichever protocol it speaks."""
    from powerbank.stations.protocols import PROTOCOLS

    return [each.below.format(imei=username) for each in PROTOCOLS.values()]


def _nats_subject(subject: str) -> str:
    """NATS writes a topic's slashes as dots and a leading slash as `/.`."""
    if subject.startswith("/"):
        return "/." + subject[1:].replace("/", ".") + ".>"
    return subject.replace("/", ".") + ".>"
