"""The stack is tried with servers of each test's own, so nothing here needs the application."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.stack import temporary_data_folder


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with temporary_data_folder() as folder:
        yield folder
