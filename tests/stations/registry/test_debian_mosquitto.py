"""Debian's Mosquitto as `deploy/` sets it up, from the package to the first rental."""

import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.custody import registration
from powerbank.stations.registry import services
from scripts.simulation import Simulator, StationSpec
from scripts.simulation.specs import Credentials
from scripts.simulation.station import Pace
from scripts.stack.ports import free_ports
from scripts.stack.servers.broker import find_mosquitto
from tests.nursery import Nursery
from tests.rentals.test_whole_stack import Renter
from tests.stations.network import Network, network
from tests.stations.registry.test_broker_accounts import connects

ROOT = Path(__file__).parents[3]
# This is /etc/mosquitto/mosquitto.conf of the package, without its comments.
PACKAGE = """
pid_file /run/mosquitto/mosquitto.pid
persistence true
persistence_location /var/lib/mosquitto/
log_dest file /var/log/mosquitto/mosquitto.log
include_dir /etc/mosquitto/conf.d
"""

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


class DebianBroker:
    """The package's service, below a folder that stands for the machine's root."""

    def __init__(self, program: str, root: Path) -> None:
        self.root, self._program = root, program
        ports = free_ports()
        self.port, self.stations_port = ports.broker, ports.redis
        self.password = "of the service"
        self.url = f"mqtt://powerbank:{self.password.replace(' ', '%20')}@127.0.0.1:{self.port}"
        self.files = root / "etc/mosquitto/powerbank"
        self.pid_file = root / "run/mosquitto/mosquitto.pid"
        self._process: subprocess.Popen[bytes] | None = None
        conf = (ROOT / "deploy/mosquitto.conf").read_text()
        conf = conf.replace("listener 8883", f"listener {self.stations_port} 127.0.0.1")
        conf = conf.replace("listener 1883 ", f"listener {self.port} ")
        for below in ("etc/mosquitto/conf.d", "run/mosquitto", "var/lib/mosquitto", "var/log/mosquitto"):
            (root / below).mkdir(parents=True)
        self._put("etc/mosquitto/mosquitto.conf", PACKAGE)
        self._put("etc/mosquitto/conf.d/powerbank.conf", conf)
        self.files.mkdir()
        root.chmod(0o755)
        if os.geteuid() == 0:
            # The broker then becomes this account, as it does on any machine.
            account = pwd.getpwnam("mosquitto")
            for below in ("run/mosquitto", "var/lib/mosquitto", "var/log/mosquitto"):
                os.chown(root / below, account.pw_uid, 0)
            os.chown(self.files, 0, account.pw_gid)
            self.files.chmod(0o2750)

    def _put(self, name: str, words: str) -> None:
        (self.root / name).write_text(re.sub(r" /(etc|run|var)/", rf" {self.root}/\1/", words))

    def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", str(self.root / "etc/mosquitto/mosquitto.conf")])
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return connects(self.port, "powerbank", self.password)
        except OSError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def log(self) -> str:
        found = self.root / "var/log/mosquitto/mosquitto.log"
        return found.read_text() if found.exists() else "it wrote no log"


@pytest.fixture
def broker() -> Iterator[DebianBroker]:
    program = find_mosquitto()
    if program is None:
        pytest.skip("no mosquitto on this machine: `apt install mosquitto` to run this")
    with tempfile.TemporaryDirectory(prefix="powerbank-") as folder:
        broker = DebianBroker(program, Path(folder))
        yield broker
        broker.stop()


@pytest.fixture
def net(nursery: Nursery, broker: DebianBroker) -> Iterator[Network]:
    with network(nursery, MQTT_URL=broker.url) as found:
        yield found


def command(net: Network, broker: DebianBroker, *more: str) -> list[str]:
    written = ["stations", "broker-files", "--mosquitto", str(broker.files), *more]
    return [sys.executable, "-m", "flask", "--app", "wsgi", *written]


@contextmanager
def watching(net: Network, broker: DebianBroker) -> "Iterator[subprocess.Popen[bytes]]":
    """Run it as the unit does.

    The broker is signalled by its pid file, where systemd has `powerbank-broker-reload.path`.
    """
    log = (net.folder / "broker-files.log").open("ab")
    watcher = subprocess.Popen(
        command(net, broker, "--watch", "--pid-file", str(broker.pid_file)),
        cwd=ROOT,
        env=net.environment | {"PYTHONUNBUFFERED": "1"},
        stdout=log,
        stderr=log,
    )
    try:
        yield watcher
    finally:
        watcher.send_signal(signal.SIGTERM)
        watcher.wait(10)
        log.close()


def register(net: Network, number: int) -> StationSpec:
    """Register a station as staff do, and return the password that it is set up with."""
    with net.app.app_context(), transaction():
        _, shown = services.register_station(
            sn=f"D{number}",
            imei=f"imei-d{number}",
            name="D",
            address="x",
            city="x",
            lat=27.7,
            lng=85.3,
            slots=8,
            protocol="json-v1",
            now=utcnow(),
        )
        serials = [f"{number}{each:05}" for each in range(4)]
        registration.register_banks(serials=serials, model=None, now=utcnow())
    mqtt = Credentials(username=shown.username, password=shown.password)
    return StationSpec(sn=f"D{number}", imei=f"imei-d{number}", slots=8, mqtt=mqtt, serials=serials)


def gets_in(net: Network, broker: DebianBroker, spec: StationSpec) -> None:
    net.wait(lambda: connects(broker.stations_port, spec.mqtt.username, spec.mqtt.password), f"{spec.sn} gets in", 15)


def test_from_the_package_to_the_first_rental(net: Network, broker: DebianBroker) -> None:
    subprocess.run(command(net, broker), cwd=ROOT, env=net.environment, check=True, timeout=30)
    broker.start()
    with watching(net, broker):
        spec = register(net, 1)
        gets_in(net, broker, spec)
        net.shipped_daemon()
        net.worker()
        net.scheduler()
        net.wait(net.listening, "the daemon listens")
        place = f"mqtt://127.0.0.1:{broker.stations_port}"
        with Simulator(place, [spec], pace=Pace(heartbeat=1.0, eject=0.05, reboot=0.2)) as simulator:
            net.wait(lambda: net.value("SELECT sum(available_banks) FROM station_live") == 4, "its banks are seated")
            sita = Renter(net)
            out = sita.until(sita.initiate(spec), "active")
            simulator.wait_for(lambda: out["powerbank_sn"] in simulator.hands)


def test_the_accounts_are_kept_while_database_and_broker_come_and_go(net: Network, broker: DebianBroker) -> None:
    with watching(net, broker) as watcher:  # before the broker was ever started
        net.wait((broker.files / "mosquitto.rules").exists, "the files are there")
        broker.start()
        gets_in(net, broker, register(net, 1))
        net.postgres.stop("immediate")
        time.sleep(3)
        assert watcher.poll() is None, net.log("broker-files")
        net.postgres.start()
        with net.app.app_context():
            db.engine.dispose()
        gets_in(net, broker, register(net, 2))
        broker.stop()
        spec = register(net, 3)
        time.sleep(3)
        assert watcher.poll() is None, net.log("broker-files")
        broker.start()
        gets_in(net, broker, spec)
        gets_in(net, broker, register(net, 4))
        with net.app.app_context(), transaction():
            services.change_station("D4", {"active": False})
        net.wait(lambda: "imei-d4" not in (broker.files / "mosquitto.passwords").read_text(), "one is taken out", 15)
