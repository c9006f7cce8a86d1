from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.stack.ports import free_ports
from tests.live.streaming import LiveProcess
from tests.nursery import Nursery
from tests.stations.conftest import make_station  # noqa: F401

StartLive = Callable[..., LiveProcess]


@pytest.fixture
def start_live(nursery: Nursery, environment: dict[str, str], clean: None, tmp_path: Path) -> Iterator[StartLive]:
    """Start a live process on the servers of the test: `start_live()`."""
    started: list[LiveProcess] = []

    def start(**settings: str) -> LiveProcess:
        ports = free_ports()
        port = int(settings.pop("LIVE_PORT", ports.live))
        process = LiveProcess(nursery, {**environment, **settings}, tmp_path, port, ports.sandbox)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def live(start_live: StartLive) -> LiveProcess:
    return start_live()
