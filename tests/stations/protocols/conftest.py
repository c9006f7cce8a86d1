"""The protocols are pure functions: no database, no broker."""

import pytest


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """These tests need none."""
