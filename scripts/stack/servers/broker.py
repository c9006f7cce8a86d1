"""An embedded MQTT broker on the loopback: Mosquitto where it is on the PATH, else NATS from its package.

Both know the service account `powerbank`, which may read and write everything, and one account for each
station, which may read and write below its own prefixes only. Mosquitto gives each station its account's name as client
id, on a listener for stations alone, so that none closes the connection of another. NATS has no such rule.
"""

import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from scripts.stack.errors import StackError
from scripts.stack.files import make_folder, write_private
from scripts.stack.servers import broker_config
from scripts.stack.servers.server import Server

SERVICE_ACCOUNT = "powerbank"
GUARDS_TOPIC = "powerbank/guard"
SERVES_WITHIN = 4.0  # seconds; a machine may be busy

# A name becomes part of access rules, where `+`, `#`, `>`, `*` or a slash would widen them.
STATION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class StationAccount(NamedTuple):
    username: str
    password_or_hash: str


class EmbeddedBroker(Server):
    name: ClassVar[str] = "broker"
    title: ClassVar[str] = "MQTT broker"

    def __init__(self, data_dir: Path, port: int, password: str) -> None:
        super().__init__(data_dir)
        self.port = port
        self.password = password
        self.folder = self.data_dir / self.name
        self._accounts_file = self.folder / "stations.json"

    @property
    def service_port(self) -> int:
        """Return the port for this service: Mosquitto has a listener for it, beside the one for stations."""
        return self.port + 1 if self.kind == "mosquitto" else self.port

    @property
    def url(self) -> str:
        """Return the address for this service."""
        return f"mqtt://{SERVICE_ACCOUNT}:{self.password}@127.0.0.1:{self.service_port}"

    @property
    def stations_url(self) -> str:
        """Return the address for stations, which bring their own accounts."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def kind(self) -> Literal["mosquitto", "nats"]:
        return "mosquitto" if find_mosquitto() else "nats"

    def set_station_accounts(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Make these the station accounts, and no others, from now on.

        Works from any process: a broker that runs is told to read its files again. The second of each pair
        is a password, or a hash that the broker knows: bcrypt for NATS, `$7$` for Mosquitto.
        """
        checked = [StationAccount(*account) for account in accounts]
        for account in checked:
            if not STATION_NAME.fullmatch(account.username) or account.username == SERVICE_ACCOUNT:
                raise ValueError(f"{account.username!r} cannot be the name of a station's account")
        make_folder(self.folder)
        write_private(self._accounts_file, json.dumps(checked))
        self._write_configuration()
        running = self.record.process()
        if running is not None:
            running.send_signal(signal.SIGHUP)

    def station_accounts(self) -> list[StationAccount]:
        if not self._accounts_file.exists():
            return []
        return [StationAccount(*account) for account in json.loads(self._accounts_file.read_text())]

    def wipe(self) -> None:
        """Forget sessions, retained messages and station accounts. Only while it is stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        make_folder(self.folder)
        self._write_configuration()

    def _write_configuration(self) -> None:
        service = StationAccount(SERVICE_ACCOUNT, self.password)
        # Hashes that were made for the other broker, before this one was installed, are made anew in a moment.
        foreign = broker_config.BCRYPT_HASHES if self.kind == "mosquitto" else broker_config.MOSQUITTO_HASH
        stations = [each for each in self.station_accounts() if not each.password_or_hash.startswith(foreign)]
        if self.kind == "mosquitto":
            files = broker_config.mosquitto(self.folder, self.port, self.service_port, service, stations)
        else:
            files = broker_config.nats(self.folder, self.port, service, stations)
        for name, text in files.items():
            write_private(self.folder / name, text)

    def _command(self) -> list[str]:
        mosquitto = find_mosquitto()
        if mosquitto:
            return [mosquitto, "-c", str(self.folder / "mosquitto.conf")]
        return [find_nats(), "-c", str(self.folder / "nats.conf")]

    def serves(self) -> bool:
        """Whether it takes a message that somebody wants. After its disk was full NATS takes none until it is started
        again, and keeps all connections."""
        probe = mqtt.Client(CallbackAPIVersion.VERSION2)
        probe.username_pw_set(SERVICE_ACCOUNT, self.password)
        taken: list[int] = []

        def connected(client: mqtt.Client, *_: Any) -> None:
            client.subscribe(GUARDS_TOPIC, qos=1)

        def subscribed(client: mqtt.Client, *_: Any) -> None:
            client.publish(GUARDS_TOPIC, qos=1)

        probe.on_connect, probe.on_subscribe = connected, subscribed
        probe.on_publish = lambda _client, _data, mid, _code, _properties: taken.append(mid)
        deadline = time.monotonic() + SERVES_WITHIN
        try:
            probe.connect("127.0.0.1", self.service_port, keepalive=10)
            while not taken and time.monotonic() < deadline:
                if probe.loop(timeout=0.1) != mqtt.MQTT_ERR_SUCCESS:
                    return False
        except OSError:
            return False
        finally:
            probe.disconnect()
        return bool(taken)

    def _answers(self) -> bool:
        probe = mqtt.Client(CallbackAPIVersion.VERSION2)
        probe.username_pw_set(SERVICE_ACCOUNT, self.password)
        try:
            probe.connect("127.0.0.1", self.service_port, keepalive=10)
            for _ in range(20):
                if probe.loop(timeout=0.1) != mqtt.MQTT_ERR_SUCCESS:
                    return False
                if probe.is_connected():
                    return True
        except OSError:
            return False
        finally:
            probe.disconnect()
        return False


def find_mosquitto() -> str | None:
    # Debian puts it where only root's PATH looks.
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def find_nats() -> str:
    beside_python = Path(sys.executable).parent / "nats-server"
    found = str(beside_python) if beside_python.exists() else shutil.which("nats-server")
    if not found:
        raise StackError("No MQTT broker is here: install mosquitto or nats-server, or set MQTT_URL.")
    return found
