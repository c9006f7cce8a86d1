"""One round: enqueue, start the worker, take the times that its jobs left, stop the worker."""

import array
import contextlib
import mmap
import os
import signal
import subprocess
import tempfile
import time
from typing import IO

from scripts.bench.parts.job_contestants import Contestant, Kind
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground

LONGEST = 180.0
WARM_UP = 0.1  # the share of jobs before the clock starts: connections open, caches fill


def jobs_per_second(ground: Ground, contestant: Contestant, kind: Kind, count: int) -> float:
    ground.sweep()
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryFile("w+") as log:
        file.write(bytes(8 * count))
        file.flush()
        environment = ground.environment | {"BENCH_STAMPS": file.name}
        stamps = mmap.mmap(file.fileno(), 0)
        try:
            _finish(_start(contestant.enqueue_command(kind, count), environment, log))
            worker = _start(contestant.worker_command(), environment, log)
            try:
                _wait(worker, stamps)
            finally:
                _stop(worker)
        except Exception as error:
            log.seek(0)
            raise RuntimeError(f"{contestant.title}, {kind}: {log.read()[-2000:]}") from error
        times = sorted(_read(stamps))
    if kind is Kind.DURABLE and ground.rows() != count:
        raise RuntimeError(f"{contestant.title} left {ground.rows()} rows for {count} jobs")
    first = int(count * WARM_UP)
    return (count - 1 - first) / (times[-1] - times[first])


def _start(command: list[str], environment: dict[str, str], log: IO[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)


def _finish(enqueuing: "subprocess.Popen[bytes]") -> None:
    if enqueuing.wait(LONGEST) != 0:
        raise RuntimeError("could not enqueue")


def _read(stamps: mmap.mmap) -> "array.array[float]":
    return array.array("d", stamps[:])


def _wait(worker: "subprocess.Popen[bytes]", stamps: mmap.mmap) -> None:
    deadline = time.monotonic() + LONGEST
    while 0.0 in _read(stamps):
        if worker.poll() is not None:
            raise RuntimeError(f"the worker ended with {worker.returncode}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"not done after {LONGEST:.0f} s: {_read(stamps).count(0.0)} left")
        time.sleep(0.1)
    time.sleep(0.2)  # the last acknowledgements


def _stop(worker: "subprocess.Popen[bytes]") -> None:
    worker.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)  # its children too, if it left any
    worker.wait()
