"""Who takes part: how each one's jobs are enqueued, how its worker starts, and how many jobs fill a round."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scripts.bench.shared import environments


class Kind(StrEnum):
    TRIVIAL = "trivial"
    DURABLE = "durable"


@dataclass(frozen=True)
class Contestant:
    title: str
    peer: str | None  # whose environment; None is our own
    module: str
    worker: tuple[str, ...]  # a command; `python`, or a program beside it
    counts: dict[Kind, int]  # jobs that take a few seconds

    def enqueue_command(self, kind: Kind, count: int) -> list[str]:
        return [str(self._python()), *_call(self.module, "enqueue", kind.value, str(count))]

    def worker_command(self) -> list[str]:
        program, *words = self.worker
        return [str(self._python().parent / program), *words]

    def _python(self) -> Path:
        # Not resolved: the link in the environment is what leads Python to its packages.
        return environments.python_of(self.peer) if self.peer else Path(sys.executable)


def _call(*words: str) -> Sequence[str]:
    return ("-m", "scripts.bench.parts.job_call", *words)


_CELERY = ("celery", "-A", "scripts.bench.peers.celery_app", "worker", "-c", "1")

OURS = Contestant(
    "Powerbank, one process",
    None,
    "parts.job_bodies",
    ("python", *_call("parts.job_bodies", "work")),
    {Kind.TRIVIAL: 8000, Kind.DURABLE: 3000},
)

CONTESTANTS = (
    OURS,
    Contestant(
        "Dramatiq, one process, 8 threads",
        "dramatiq",
        "peers.dramatiq_app",
        ("dramatiq", "scripts.bench.peers.dramatiq_app", "-p", "1", "-t", "8"),
        {Kind.TRIVIAL: 6000, Kind.DURABLE: 4000},
    ),
    Contestant(
        "Celery, solo pool",
        "celery",
        "peers.celery_app",
        (*_CELERY, "-P", "solo"),
        {Kind.TRIVIAL: 3000, Kind.DURABLE: 2000},
    ),
    Contestant(
        "Celery, prefork pool of one",
        "celery",
        "peers.celery_app",
        _CELERY,
        {Kind.TRIVIAL: 3000, Kind.DURABLE: 2000},
    ),
    Contestant(
        "RQ SimpleWorker",
        "rq",
        "peers.rq_app",
        ("python", *_call("peers.rq_app", "work", "simple")),
        {Kind.TRIVIAL: 900, Kind.DURABLE: 700},
    ),
    Contestant(
        "RQ Worker, forking",
        "rq",
        "peers.rq_app",
        ("python", *_call("peers.rq_app", "work", "forking")),
        {Kind.TRIVIAL: 150, Kind.DURABLE: 150},
    ),
)
