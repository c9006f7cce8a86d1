"""Run one sandbox for the session, which forgets everything between tests; there is no database."""

from collections.abc import Iterator

import pytest
import requests

from scripts.sandbox import Sandbox
from scripts.sandbox.testing import running


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """These tests need none."""


@pytest.fixture(scope="session")
def whole_sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(whole_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield whole_sandbox
    whole_sandbox.reset()


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session
