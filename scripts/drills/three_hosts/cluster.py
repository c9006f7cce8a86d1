"""The three hosts, the load balancer and the vendors before them, and the wire between all of these."""

import contextlib
import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2

from scripts.drills.one_server.machine import DrillError
from scripts.drills.three_hosts import configuration as texts
from scripts.drills.three_hosts.configuration import ADMIN, NAMES, OUTSIDE, PASSWORDS, SANDBOX, Name
from scripts.drills.three_hosts.host import Host
from scripts.sandbox.accounts import Accounts
from scripts.sandbox.server import Sandbox

BRIDGE = "hosts"
ELECTED_WITHIN, REPLICATED_WITHIN = 120.0, 180.0


class Cluster:
    """Runs where the network is its own already: what is made here ends with that namespace."""

    web_url = health_url = f"http://127.0.0.1:{texts.WEB}"
    broker_url = f"mqtt://127.0.0.1:{texts.BROKER}"
    sandbox_url = f"http://127.0.0.1:{SANDBOX}"

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self.environment = {"ADMIN_PASSWORD": ADMIN[1], "MONITOR_TOKEN": texts.MONITOR_TOKEN}
        self._make_wire()
        self.hosts = {each.letter: Host(each.letter, folder, image, namespace=each.letter) for each in NAMES}
        self.outside = Host("outside", folder, image)
        for each in NAMES:
            _furnish(self.hosts[each.letter], each)
        self.outside.write("etc/haproxy/haproxy.cfg", texts.load_balancer())
        self.outside.add_programs({"haproxy": texts.programs(NAMES[0])["haproxy"]})

    def _make_wire(self) -> None:
        _ip("link", "set", "lo", "up")
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{OUTSIDE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for each in NAMES:
            _ip("netns", "add", each.letter)
            _ip("link", "add", _port(each.letter), "type", "veth", "peer", "name", "wire", "netns", each.letter)
            _ip("link", "set", _port(each.letter), "master", BRIDGE, "up")
            for words in (
                ("link", "set", "lo", "up"),
                ("address", "add", f"{each.address}/24", "dev", "wire"),
                ("link", "set", "wire", "up"),
                ("route", "add", "default", "via", OUTSIDE),
            ):
                _ip("-n", each.letter, *words)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        webhooks = f"http://{OUTSIDE}/api/payment/webhook/stripe"
        accounts = Accounts(stripe_webhook_url=webhooks, reachable_hosts=frozenset({OUTSIDE}))
        sandbox = Sandbox(SANDBOX, SANDBOX + 1, accounts=accounts)
        sandbox.start()
        try:
            for host in (self.outside, *self.hosts.values()):
                host.boot()
            self._set_up()
            yield
        finally:
            for host in (*self.hosts.values(), self.outside):
                host.cut_power()
            sandbox.stop()

    def _set_up(self) -> None:
        _wait("a primary of PostgreSQL", ELECTED_WITHIN, lambda: self.find_primary() is not None)
        _wait("two replicas of it", REPLICATED_WITHIN, lambda: self._count_replicas() == len(NAMES) - 1)
        superuser = self._connect("postgres", "postgres", PASSWORDS["superuser"])
        with contextlib.closing(superuser), superuser.cursor() as cursor:
            cursor.execute(f"CREATE ROLE powerbank_owner LOGIN PASSWORD '{PASSWORDS['owner']}'")
            cursor.execute(f"CREATE ROLE powerbank LOGIN PASSWORD '{PASSWORDS['app']}'")
            cursor.execute("CREATE DATABASE powerbank OWNER powerbank_owner")
        first = self.hosts[NAMES[0].letter]
        first.run(".venv/bin/python", "-m", "scripts.stack.set_up", "--email", ADMIN[0], settings=True)
        for each in NAMES:
            self.hosts[each.letter].add_programs(texts.programs_of_ours(each))

    # What a load needs of the ground that it runs on

    def connect(self) -> "psycopg2.extensions.connection":
        return self._connect("powerbank", "powerbank_owner", PASSWORDS["owner"])

    def _connect(self, database: str, role: str, password: str) -> "psycopg2.extensions.connection":
        connection = psycopg2.connect(
            host=",".join(each.address for each in NAMES),
            port=5432,
            dbname=database,
            user=role,
            password=password,
            connect_timeout=3,
            target_session_attrs="read-write",
        )
        connection.autocommit = True
        return connection

    # Who leads

    def find_primary(self) -> str | None:
        """The letter of the host on which PostgreSQL takes writes."""
        return next((each.letter for each in NAMES if _is_primary(each)), None)

    def find_confirming(self) -> str | None:
        """The letter of the host that confirms the primary's commits."""
        statement = "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'"
        found = self._ask_superuser(statement)
        return str(found) if found else None

    def find_primary_of_redis(self) -> str | None:
        for each in NAMES:
            with contextlib.suppress(DrillError):
                words = ("redis-cli", "-h", each.address, "-a", texts.REDIS_PASSWORD, "--no-auth-warning", "ROLE")
                if self.hosts[each.letter].run(*words).startswith("master"):
                    return each.letter
        return None

    def _count_replicas(self) -> int:
        return int(self._ask_superuser("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") or 0)

    def _ask_superuser(self, statement: str) -> Any:
        """Return the first value, or nothing where there is none, or no primary."""
        with contextlib.suppress(psycopg2.Error):
            superuser = self._connect("postgres", "postgres", PASSWORDS["superuser"])
            with contextlib.closing(superuser), superuser.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone()
                return row[0] if row else None
        return None

    def is_whole(self) -> bool:
        """Say whether everything is there twice again, so that the next thing may break."""
        return (
            self.find_primary() is not None
            and self._count_replicas() == len(NAMES) - 1
            and self.find_primary_of_redis() is not None
        )

    # What breaks

    def part(self, one: str, other: str) -> Callable[[], None]:
        """Let two hosts no longer hear each other; both hear all others. Returns what joins them again."""
        for letter in (one, other):
            subprocess.run(["bridge", "link", "set", "dev", _port(letter), "isolated", "on"], check=True)

        def join() -> None:
            for letter in (one, other):
                subprocess.run(["bridge", "link", "set", "dev", _port(letter), "isolated", "off"], check=True)

        return join


def _furnish(host: Host, name: Name) -> None:
    for path, owner, mode in (
        ("var/lib/etcd/drill", "etcd", "0700"),
        ("var/lib/postgresql/drill", "postgres", "0700"),
        ("var/lib/redis", "redis", "0750"),
        ("var/lib/mosquitto", "mosquitto", "0750"),
    ):
        host.make_folder(path, owner=owner, mode=mode)
    host.make_folder("etc/mosquitto/powerbank", owner="powerbank", group="mosquitto", mode="2750")
    host.write("etc/patroni/config.yml", texts.patroni(name), owner="postgres")
    host.write("etc/pgbouncer/pgbouncer.ini", texts.PGBOUNCER, owner="postgres")
    host.write("etc/pgbouncer/userlist.txt", texts.USERS, owner="postgres")
    host.write("etc/haproxy/haproxy.cfg", texts.haproxy())
    host.write("etc/redis/drill.conf", texts.redis(name), owner="redis")
    host.write("var/lib/redis/sentinel.conf", texts.sentinel(name), owner="redis")
    host.write("etc/mosquitto/drill.conf", texts.mosquitto(name))
    host.write("etc/drill/settings.json", json.dumps(texts.settings(name)))
    host.add_programs(texts.programs(name))


def _is_primary(name: Name) -> bool:
    try:
        with urllib.request.urlopen(f"http://{name.address}:8008/primary", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _port(letter: str) -> str:
    return f"to-{letter}"


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise DrillError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _wait(what: str, within: float, is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + within
    while not is_there():
        if time.monotonic() > deadline:
            raise DrillError(f"{what}: not there after {within:.0f} s")
        time.sleep(0.5)
