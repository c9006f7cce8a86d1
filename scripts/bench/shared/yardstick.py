"""How quick the processor is in this hour: the same machine differs threefold from one hour to the next."""

import resource
import subprocess
import time

from scripts.bench.shared import costs
from scripts.bench.shared.servers import Ground

TRANSACTIONS = 2000
LOOPS = 10_000_000


def measure(ground: Ground) -> str:
    """Processor time of pgbench's TPC-B transaction with its server, and of a loop that does nothing."""
    return (
        f"Yardstick of the hour: a TPC-B transaction of pgbench with its server costs {_transaction(ground):.2f} ms of "
        f"processor time, ten million turns of an empty loop in Python {_loop():.0f} ms."
    )


def _transaction(ground: Ground) -> float:
    postgres = ground.stack.postgres
    assert postgres is not None  # noqa: S101 (for the type checker)
    program, address = str(postgres.place.binaries / "pgbench"), postgres.superuser_url()
    subprocess.run([program, "-q", "-i", address], check=True, capture_output=True)
    server = {"postgres": postgres.pid}
    before, clients = costs.so_far(server)["postgres"], _of_children()
    subprocess.run([program, "-n", "-t", str(TRANSACTIONS), address], check=True, capture_output=True)
    time.sleep(1)  # the server counts what its session used once that has ended
    used = costs.so_far(server)["postgres"] - before + _of_children() - clients
    return used / TRANSACTIONS * 1000


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _loop() -> float:
    began = time.process_time()
    for _ in range(LOOPS):
        pass
    return (time.process_time() - began) * 1000
