"""The stack is tried with servers of each test's own, so nothing here needs the application."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.stack import placement


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that root's PostgreSQL can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="powerbank-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
        placement.remove(Path(folder))
