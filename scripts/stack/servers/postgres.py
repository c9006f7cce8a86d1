"""An embedded PostgreSQL 18 behind a Unix socket.

`powerbank_owner` owns the database and runs migrations, `powerbank_app` may change rows only, and
`postgres` is the superuser, for tests and upkeep.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import quote

import psycopg2
from psycopg2 import errors, sql

from scripts.stack.errors import StackError
from scripts.stack.records import end, running_in
from scripts.stack.servers import placement
from scripts.stack.servers.server import Account, Server

DATABASE = "powerbank"
OWNER = "powerbank_owner"
APP = "powerbank_app"
SUPERUSER = "postgres"

StopMode = Literal["fast", "immediate"]
STOP_SIGNALS: dict[StopMode, signal.Signals] = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}

# What people typed is in statements, in the details of errors, and often in an error's own words ("invalid input syntax
# for type uuid: …"). The application logs its failed statements by code and constraint, so the server need not.
# `deploy/postgresql.conf` says the same for production.
KEEPS_VALUES_OUT_OF_THE_LOG = {
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_duration": "off",
    "log_lock_waits": "off",
    "log_temp_files": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# The whole configuration, written at each start. Durability is as in production: fsync stays on.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    **KEEPS_VALUES_OUT_OF_THE_LOG,
}


class EmbeddedPostgres(Server):
    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self._placement: placement.Placement | None = None

    @property
    def place(self) -> placement.Placement:
        if self._placement is None:
            self._placement = placement.place(self.data_dir)
        return self._placement

    def owner_url(self, database: str = DATABASE) -> str:
        return self._url(OWNER, database)

    def app_url(self, database: str = DATABASE) -> str:
        return self._url(APP, database)

    def superuser_url(self, database: str = DATABASE) -> str:
        return self._url(SUPERUSER, database)

    def stop(
        self,
        mode: StopMode = "fast",
        *,
        how: signal.Signals | None = None,
        seconds: float = 20.0,
    ) -> None:
        super().stop(how=how or STOP_SIGNALS[mode], seconds=seconds)

    def wipe(self) -> None:
        """Remove the cluster. Only while it is stopped."""
        placement.remove(self.data_dir)
        self._placement = None

    def create_database(self, name: str, *, template: str = "template1") -> None:
        """A database of the owner's, unless it is there; a copy of the template, which nobody may use now."""
        with contextlib.suppress(errors.DuplicateDatabase):
            self._execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
                )
            )

    def drop_database(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{quote(database)}?host={quote(str(self.place.sockets))}"

    def _account(self) -> Account | None:
        return self.place.account

    def _prepare(self) -> None:
        self._placement = None
        cluster = self.place.cluster
        for unfinished in cluster.parent.glob("postgres.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if not cluster.exists():
            self._make_cluster(cluster)
        self._end_leftover_backends(cluster)
        settings = {**SETTINGS, "unix_socket_directories": f'"{self.place.sockets}"'}
        configuration = cluster / "powerbank.conf"
        configuration.write_text("".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items()))
        configuration.chmod(0o644)

    def _make_cluster(self, cluster: Path) -> None:
        # Made under another name and renamed when whole: a killed initdb leaves nothing that looks usable.
        unfinished = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=cluster.parent))
        account = self.place.account
        if account:
            os.chown(unfinished, account.uid, account.gid)
        made = self._run_initdb(unfinished, account)
        if made.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            said = "\n".join(made.stdout.decode(errors="replace").strip().splitlines()[-3:])
            raise StackError(f"PostgreSQL's initdb could not make {cluster}.", said)
        unfinished.rename(cluster)

    def _run_initdb(self, folder: Path, account: Account | None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [
                str(self.place.binaries / "initdb"),
                f"--pgdata={folder}",
                f"--username={SUPERUSER}",
                # Whoever reaches the socket's folder is let in, and only its account does.
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ],
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )

    def _end_leftover_backends(self, cluster: Path) -> None:
        """A killed start's PostgreSQL may still run, or its lock files name a pid that is now another's."""
        if not (cluster / "postmaster.pid").exists():
            return
        end(running_in(cluster, "postgres"), grace=10, how=signal.SIGINT)
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        for lock in self.place.sockets.glob(f"{placement.SOCKET_NAME}*"):
            lock.unlink(missing_ok=True)

    def _command(self) -> list[str]:
        cluster = self.place.cluster
        configuration = f"--config-file={cluster / 'powerbank.conf'}"
        return [str(self.place.binaries / "postgres"), "-D", str(cluster), configuration]

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.superuser_url("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _settle(self) -> None:
        try:
            self._make_roles_and_database()
        except psycopg2.Error as refused:
            raise StackError(f"PostgreSQL refused: {str(refused).strip().splitlines()[0]}") from None

    def _make_roles_and_database(self) -> None:
        for role in (OWNER, APP):
            with contextlib.suppress(errors.DuplicateObject):
                self._execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        self.create_database(DATABASE)

    def _execute(self, statement: sql.Composed) -> None:
        connection = psycopg2.connect(self.superuser_url("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
