"""Give the embedded broker the accounts of the registry, so that a station can connect a moment after its registration.

This is for development only. `flask stations broker-files` writes the accounts of a broker of one's own.
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
    written: object = None
    with create_app(rules=False).app_context():
        while True:
            written = update_accounts(broker, written)
            time.sleep(LOOK_EVERY)


def embedded_broker(data: str, url: str, stations_url: str) -> EmbeddedBroker:
    password = unquote(urlsplit(url).password or "")
    return EmbeddedBroker(Path(data), urlsplit(stations_url).port or 1883, password)


def update_accounts(broker: EmbeddedBroker, written: object) -> object:
    """Give the broker the accounts if any has changed. A broker that this program has not started is left alone."""
    if broker.record.process() is None:
        return written
    try:
        version = broker_files.find_accounts_version()
        if version != written:
            hashed = 1 if broker.kind == "nats" else 2
            broker.set_station_accounts((account[0], account[hashed]) for account in broker_files.list_accounts())
    except SQLAlchemyError:
        return written  # the database is away, and the accounts stay as they are
    finally:
        db.session.rollback()
    return version


if __name__ == "__main__":
    main()
