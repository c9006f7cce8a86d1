"""The servers that all contestants run on, and pgbench on the same PostgreSQL as the measure of the durable job."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis

from scripts.bench.shared.environments import ROOT
from scripts.stack.ports import free_ports
from scripts.stack.stack import Stack

EFFECTS = """
    CREATE TABLE bench_effects (id bigserial PRIMARY KEY, slot integer NOT NULL, at timestamptz DEFAULT now());
    GRANT ALL ON bench_effects, bench_effects_id_seq TO powerbank_app
"""

ROW_ONLY = """
BEGIN;
INSERT INTO bench_effects (slot) VALUES (:slot);
COMMIT;
\\set slot :slot + 1
"""

# Word for word what our worker runs for a plain job: `_TAKE_AND_COMPLETE` of powerbank/outbox/lifecycle.py, the
# job's own row, the commit. The slots have twelve digits and so make the end of an id.
WITH_OUTBOX = """
BEGIN;
{take_and_complete};
INSERT INTO bench_effects (slot) VALUES (:slot - 100000000000);
COMMIT;
\\set slot :slot + 1
"""
FIRST_SLOT = 100_000_000_000
OPEN_ROWS = """
    INSERT INTO outbox_jobs (id, job, queue, arguments, lease_until)
    SELECT ('00000000-0000-7000-8000-' || {first} + n)::uuid, 'durable', 'default', jsonb_build_object('slot', n),
           now() + interval '30 seconds'
      FROM generate_series(0, {count} - 1) n
"""


@dataclass(frozen=True)
class Ground:
    stack: Stack

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ours = {"POWERBANK_ENV": "test", "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}
        return kept | ours | self.stack.environment()

    def sweep(self) -> None:
        """Empties both servers and takes the checkpoint now, so that none falls into the next round."""
        redis.Redis.from_url(self.environment["REDIS_URL"]).flushdb()
        self.as_superuser("TRUNCATE outbox_jobs, bench_effects CASCADE", "CHECKPOINT")

    def rows(self) -> int:
        return int(str(self.as_superuser("SELECT count(*) FROM bench_effects")))

    def pgbench(self, count: int, *, outbox: bool) -> float:
        """Return the transactions a second of one client that does nothing else."""
        self.sweep()
        script = ROW_ONLY
        if outbox:
            self.as_superuser(OPEN_ROWS.format(first=FIRST_SLOT, count=count), "CHECKPOINT")
            script = WITH_OUTBOX.format(take_and_complete=_take_and_complete())
        said = self.run_pgbench(script, "-c", "1", "-t", str(count), "-D", f"slot={FIRST_SLOT if outbox else 0}")
        done = self.as_superuser("SELECT count(*) FROM outbox_jobs WHERE state = 'done'")
        if self.rows() != count or (outbox and done != count):
            raise RuntimeError(f"pgbench did not do {count} jobs: {said}")
        return speed(said)

    def run_pgbench(self, script: str, *options: str) -> str:
        """Run a script with pgbench as the application's role, and return its output."""
        postgres = self.stack.postgres
        assert postgres is not None  # noqa: S101 (for the type checker)
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            program = str(postgres.place.binaries / "pgbench")
            command = [program, "-n", "-f", file.name, *options, self.environment["DATABASE_URL"]]
            ran = subprocess.run(command, check=False, capture_output=True, text=True)
        if ran.returncode != 0:
            raise RuntimeError(f"pgbench: {ran.stderr[-1000:]}")
        return ran.stdout

    def machine(self) -> str:
        info = redis.Redis.from_url(self.environment["REDIS_URL"]).info("server")
        versions = (
            f"Python {sys.version.split()[0]}, Redis {info['redis_version']}, "
            f"PostgreSQL {self.as_superuser('SHOW server_version')}"
        )
        return f"{os.cpu_count()} cores, {_cpu_model()}; {versions}"

    def as_superuser(self, *statements: str) -> object:
        """Run statements as the superuser, and return the result of the last one."""
        postgres = self.stack.postgres
        assert postgres is not None  # noqa: S101 (for the type checker)
        connection = psycopg2.connect(postgres.superuser_url())
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall()[0][0] if cursor.description else None
        finally:
            connection.close()


def speed(said: str) -> float:
    """Return the transactions a second that pgbench reports."""
    found = re.search(r"tps = ([\d.]+)", said)
    if found is None:
        raise RuntimeError(f"pgbench says no speed: {said}")
    return float(found[1])


def _take_and_complete() -> str:
    from powerbank.outbox import lifecycle

    values = {"release": "false", "id": "'00000000-0000-7000-8000-:slot'::uuid"}
    # In SQLAlchemy's way of writing parameters or in the driver's.
    return re.sub(r":(\w+)|%\((\w+)\)s", lambda found: values[found[1] or found[2]], str(lifecycle._TAKE_AND_COMPLETE))


def _cpu_model() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else "unknown processor"


@contextmanager
def servers() -> Iterator[Ground]:
    """PostgreSQL and Redis as `scripts/run` starts them, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="powerbank-bench-") as folder:
        stack = Stack(Path(folder), free_ports(), replaced_by={"MQTT_URL": "mqtt://unused"})
        try:
            with stack:
                ground = Ground(stack)
                migrate = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
                subprocess.run(migrate, check=True, cwd=ROOT, env=ground.environment, stdout=sys.stderr)
                ground.as_superuser(EFFECTS)
                yield ground
        finally:
            stack.wipe()
