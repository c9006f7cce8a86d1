"""The system that the storm falls on: servers, the Procfile's programs under their keepers, and proxies before three
of them. All of it is the storm's own, and nothing of it outlives the storm."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import psycopg2

from scripts.drills.proxy import Proxy, to_port
from scripts.sandbox.accounts import Accounts
from scripts.sandbox.vendors.fcm.accounts import write_service_account
from scripts.stack import processes
from scripts.stack.errors import StackError
from scripts.stack.options import ROOT
from scripts.stack.ports import Ports
from scripts.stack.records import Record, end_recorded
from scripts.stack.run import ADMIN_EMAIL, FCM_ACCOUNT, child_environment
from scripts.stack.servers.guard import Guard
from scripts.stack.servers.server import Server
from scripts.stack.stack import Stack

PROCFILES = [ROOT / "Procfile", ROOT / "scripts/Procfile.sandbox"]
KEEPER_ENDS_WITHIN = 10.0  # seconds


class System:
    """`web_url` leads through a proxy, as do the stations' and the programs' ways to the broker and to Redis."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder, self.ports = folder, ports
        self.stack = Stack(folder, ports, replaced_by={})
        self.records = folder / "pids"
        self.commands = dict(processes.read(PROCFILES, {}))
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}
        self._frozen: set[int] = set()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.ports.check_free(["web", "sandbox", "mail", "redis", "broker"])
        with self.stack, contextlib.ExitStack() as ends:
            self.web = ends.enter_context(contextlib.closing(Proxy(to_port(self.ports.web))))
            self.redis = ends.enter_context(contextlib.closing(Proxy(to_port(self.ports.redis))))
            self.broker = ends.enter_context(contextlib.closing(Proxy(to_port(self.ports.broker))))
            self.environment = self._environment()
            write_service_account(self.folder / FCM_ACCOUNT, self.environment["SANDBOX_URL"], Accounts().fcm_project)
            self._set_up()
            ends.enter_context(Guard(self.stack.servers))
            ends.callback(self._end_programs)
            for name in self.commands:
                self.start(name)
            try:
                yield
            finally:
                # A second Ctrl-C must not cut short an orderly end.
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    @property
    def health_url(self) -> str:
        """Of the web itself: what a proxy loses is no matter of its health."""
        return f"http://127.0.0.1:{self.ports.web}"

    @property
    def broker_url(self) -> str:
        """For the stations."""
        return f"mqtt://127.0.0.1:{self.broker.port}"

    @property
    def sandbox_url(self) -> str:
        return self.environment["SANDBOX_URL"]

    def server(self, name: str) -> Server:
        return next(server for server in self.stack.servers if server.name == name)

    def connect(self) -> "psycopg2.extensions.connection":
        """As the owner of the tables, beside the application's own pool."""
        assert self.stack.postgres is not None  # noqa: S101 (for the type checker)
        connection = psycopg2.connect(self.stack.postgres.owner_url())
        connection.autocommit = True
        return connection

    # Programs

    def start(self, name: str, *, prefix: str = "") -> None:
        """`prefix` is put before its command, as `env NAME=value` is."""
        with self.log(name) as log:
            self._keepers[name] = subprocess.Popen(
                processes.kept(name, f"{prefix}{self.commands[name]}", self.records),
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        keeper = self._keepers.pop(name)
        keeper.terminate()
        try:
            keeper.wait(KEEPER_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()

    def log(self, name: str) -> IO[bytes]:
        return (self.folder / "logs" / f"{name}.log").open("ab")

    def times_ended(self, name: str) -> int:
        """How often it ended without being asked to."""
        endings = self.records / f"{name}.endings"
        return len(endings.read_text().splitlines()) if endings.exists() else 0

    # What breaks

    def processes_of(self, name: str) -> "list[psutil.Process]":
        """A program's or a server's, the one that leads first; none while it is being started again."""
        record = Record(self.records, name if self._is_server(name) else f"{name}-command")
        leader = record.process()
        if leader is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return [leader, *leader.children(recursive=True)]
        return []

    def kill(self, name: str) -> None:
        """As the kernel does when memory is short: the one that leads, and nobody is asked."""
        for process in self.processes_of(name)[:1]:
            _send(process, signal.SIGKILL)

    def kill_child(self, name: str) -> None:
        """One of the processes that it started, if it has any."""
        for process in self.processes_of(name)[1:2]:
            _send(process, signal.SIGKILL)

    def freeze(self, name: str) -> None:
        for process in self.processes_of(name):
            self._frozen.add(process.pid)
            _send(process, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        for process in self.processes_of(name):
            self._frozen.discard(process.pid)
            _send(process, signal.SIGCONT)

    def _is_server(self, name: str) -> bool:
        return any(server.name == name for server in self.stack.servers)

    # Beginning and end

    def _environment(self) -> dict[str, str]:
        redis = f"redis://127.0.0.1:{self.redis.port}"
        return child_environment(self.stack) | {
            "PUBLIC_URL": self.web_url,
            "REDIS_URL": f"{redis}/0",
            "REDIS_CACHE_URL": f"{redis}/1",
            "ADMIN_EMAIL": ADMIN_EMAIL,
            "ADMIN_PASSWORD": self.stack.secrets["ADMIN_PASSWORD"],
        }

    def _set_up(self) -> None:
        command = [sys.executable, "-m", "scripts.stack.set_up", "--email", ADMIN_EMAIL]
        with self.log("setup") as log:
            code = subprocess.call(command, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
        if code != 0:
            raise StackError(f"The database could not be set up; the reason is in {self.folder}/logs/setup.log.")

    def _end_programs(self) -> None:
        for pid in self._frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        for keeper in self._keepers.values():
            keeper.terminate()
        for name in list(self._keepers):
            self.stop(name)
        end_recorded(self.records, but_not=[server.name for server in self.stack.servers])


def _send(process: "psutil.Process", number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
