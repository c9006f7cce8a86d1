"""Manage all embedded servers of one data folder together."""

import fcntl
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from scripts.stack import secrets_file
from scripts.stack.errors import StackError
from scripts.stack.files import claim_data_folder
from scripts.stack.ports import Ports
from scripts.stack.records import end_recorded
from scripts.stack.servers.broker import EmbeddedBroker
from scripts.stack.servers.postgres import EmbeddedPostgres
from scripts.stack.servers.redis import EmbeddedRedis
from scripts.stack.servers.server import Server

# What is made below the data folder beside the servers' own. The rest may be somebody's.
OURS = (
    "documents",
    "simulator-*.json",
    "secrets.env",
    "environment.env",
    "password-shown",
    "fcm-service-account.json",
)


class Stack:
    """Starts the servers that no URL in the environment replaces, and says where all of them are.

    `postgres`, `redis` and `broker` are None where DATABASE_URL, REDIS_URL or MQTT_URL is set.
    """

    def __init__(self, data_dir: Path, ports: Ports, *, replaced_by: Mapping[str, str] = os.environ) -> None:
        self.data_dir = data_dir.absolute()
        self.ports = ports
        self.secrets: dict[str, str] = {}
        self._given = {name: url for name, url in replaced_by.items() if url}
        self.postgres = None if "DATABASE_URL" in self._given else EmbeddedPostgres(self.data_dir)
        self.redis = None if "REDIS_URL" in self._given else EmbeddedRedis(self.data_dir, ports.redis)
        # The broker's password is read with the other secrets, once the folder is known to be ours.
        self.broker = None if "MQTT_URL" in self._given else EmbeddedBroker(self.data_dir, ports.broker, "")
        self._lock: IO[str] | None = None

    @property
    def servers(self) -> list[Server]:
        return [server for server in (self.postgres, self.redis, self.broker) if server is not None]

    def __enter__(self) -> Self:
        self.take()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def take(self) -> None:
        """Make the data folder ours, and end what a killed start left running in it."""
        if self._lock is not None:
            return
        claim_data_folder(self.data_dir)
        try:
            self._take()
        except OSError as problem:
            raise StackError(f"{self.data_dir} cannot be used as data folder: {problem.strerror}.") from None

    def _take(self) -> None:
        lock = (self.data_dir / "lock").open("a+")
        try:
            # A record lock, as flock's would pass to every process that we fork and outlive us in them.
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise StackError(
                f"Powerbank runs already on {self.data_dir} (pid {holder}); stop it or choose another --data."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        end_recorded(self.data_dir / "pids")
        self.secrets = secrets_file.read_or_make(self.data_dir)

    def start(self) -> None:
        if self.broker:
            self.broker.password = self.secrets["BROKER_PASSWORD"]
        try:
            with ThreadPoolExecutor(max_workers=3) as pool:
                # Every result is asked for, so that the first failure is raised here.
                list(pool.map(lambda server: server.start(), self.servers))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        with ThreadPoolExecutor(max_workers=3) as pool:
            list(pool.map(lambda server: server.stop(), self.servers))
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def wipe(self) -> None:
        """Forget everything in the data folder that is ours. Only after `take` and before `start`."""
        if "DATABASE_URL" in self._given:
            raise StackError(
                "--fresh would forget the keys that the database at DATABASE_URL needs; empty that one yourself, and "
                f"{secrets_file.path_in(self.data_dir)} with it."
            )
        for server in (
            EmbeddedPostgres(self.data_dir),
            EmbeddedRedis(self.data_dir, self.ports.redis),
            EmbeddedBroker(self.data_dir, self.ports.broker, ""),
        ):
            server.wipe()
        for path in (path for pattern in OURS for path in self.data_dir.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self.secrets = secrets_file.read_or_make(self.data_dir)

    def environment(self) -> dict[str, str]:
        """Return the settings with which a process of Powerbank finds the servers."""
        urls = {
            name: url
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "REDIS_CACHE_URL", "MQTT_URL")
            if (url := self._given.get(name))
        }
        if self.postgres:
            urls |= {"DATABASE_URL": self.postgres.app_url(), "DATABASE_OWNER_URL": self.postgres.owner_url()}
        if self.redis:
            urls |= {"REDIS_URL": self.redis.url(0), "REDIS_CACHE_URL": self.redis.url(1)}
        if self.broker:
            urls["MQTT_URL"] = self.broker.url
        return urls
