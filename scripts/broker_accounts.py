"""Keeps the accounts of the embedded broker those of the registry, so that a station registered a moment ago can
connect. Development only; a broker of one's own is told by `flask stations broker-files`.
"""

import os
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy.exc import SQLAlchemyError

from powerbank import create_app
from powerbank.base.db import db
from powerbank.stations.registry import broker_files
from scripts.stack.servers.broker import EmbeddedBroker

LOOK_EVERY = 0.5  # seconds


def main() -> None:
    broker = embedded_broker(os.environ["POWERBANK_DATA"], os.environ["MQTT_URL"], os.environ["STATIONS_MQTT_URL"])
    told: object = None
    with create_app(rules=False).app_context():
        while True:
            told = keep(broker, told)
            time.sleep(LOOK_EVERY)


def embedded_broker(data: str, url: str, stations_url: str) -> EmbeddedBroker:
    password = unquote(urlsplit(url).password or "")
    return EmbeddedBroker(Path(data), urlsplit(stations_url).port or 1883, password)


def keep(broker: EmbeddedBroker, told: object) -> object:
    """Tells the broker if anything changed since `told`. Nothing to do for a broker that is somebody else's."""
    if broker.record.process() is None:
        return told
    try:
        version = broker_files.find_accounts_version()
        if version != told:
            hashed = 1 if broker.kind == "nats" else 2
            broker.set_station_accounts((account[0], account[hashed]) for account in broker_files.list_accounts())
    except SQLAlchemyError:
        return told  # the database is away; the accounts stay as they are
    finally:
        db.session.rollback()
    return version


if __name__ == "__main__":
    main()
