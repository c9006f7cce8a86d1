"""The stack is tried with servers of each test's own, so nothing here needs the application."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import data_folder


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder
