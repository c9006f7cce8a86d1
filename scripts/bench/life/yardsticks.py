"""Two measures of the machine at this hour, in processor time: a transaction of pgbench, and a loop in pure Python.

A cost that is told in them can be compared with one that was measured on another machine or in a slower hour.
"""

import os
import re
import statistics
import subprocess
import time
from collections.abc import Iterable
from typing import NamedTuple

from scripts.bench.shared import costs
from scripts.stack.stack import Stack

DATABASE = "yardstick"
TRANSACTIONS = 1000
LOOPS = 2_000_000
ROUNDS = 3


class Yardsticks(NamedTuple):
    transaction: float  # milliseconds of pgbench and its server for one transaction like TPC-B
    loop: float  # milliseconds of two million turns of a loop

    @classmethod
    def mean(cls, each: Iterable["Yardsticks"]) -> "Yardsticks":
        found = list(each)
        return cls(statistics.mean(one.transaction for one in found), statistics.mean(one.loop for one in found))


def prepare(servers: Stack) -> None:
    """Make the tables of pgbench in a database of their own."""
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    servers.postgres.create_database(DATABASE)
    _run_pgbench(servers, "-i", "-q", "-s", "10")


def measure(servers: Stack) -> Yardsticks:
    """Measure both, while nothing else uses the servers."""
    return Yardsticks.mean(Yardsticks(_transaction(servers), _loop()) for _ in range(ROUNDS))


def _transaction(servers: Stack) -> float:
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    server = {"postgres": servers.postgres.pid}
    before, children = costs.so_far(server)["postgres"], os.times()
    said = _run_pgbench(servers, "-n", "-c", "1", "-t", str(TRANSACTIONS))
    if not re.search(rf"processed: {TRANSACTIONS}/{TRANSACTIONS}", said):
        raise RuntimeError(f"pgbench did not do its transactions: {said}")
    after, children_after = costs.so_far(server)["postgres"], os.times()
    client = children_after.children_user + children_after.children_system
    client -= children.children_user + children.children_system
    return (after - before + client) / TRANSACTIONS * 1000


def _loop() -> float:
    before, total = time.thread_time(), 0  # of this thread alone: the simulated stations have one of their own
    for number in range(LOOPS):
        total += number % 7
    assert total > 0  # noqa: S101 (it is not to be left out)
    return (time.thread_time() - before) * 1000


def _run_pgbench(servers: Stack, *options: str) -> str:
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    program = str(servers.postgres.place.binaries / "pgbench")
    ran = subprocess.run(
        [program, *options, servers.postgres.superuser_url(DATABASE)], check=False, capture_output=True, text=True
    )
    if ran.returncode != 0:
        raise RuntimeError(f"pgbench: {ran.stderr[-1000:]}")
    return ran.stdout
