"""Traces cost nothing where nobody wants them, and say what is missing where somebody does."""

import subprocess
import sys

import pytest

from config import ConfigurationError, load
from powerbank import create_app

DATABASE = {"DATABASE_URL": "postgresql://app@db/powerbank"}


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


def test_nothing_is_needed_and_nothing_imported_where_it_is_off() -> None:
    program = "import sys; sys.modules['opentelemetry'] = None; from config import load;"
    program += "from powerbank import create_app; import jobs.worker.runtime;"
    program += f"create_app(load({DATABASE!r}), rules=False);"
    program += "sys.exit('powerbank.integrations.otlp.client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_missing_packages_are_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "powerbank.integrations.otlp.client", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match="requirements-tracing"):
        create_app(load(DATABASE | {"TRACES_URL": "http://127.0.0.1:4318"}), rules=False)


@pytest.mark.parametrize("ratio", ["-0.1", "1.1", "half"])
def test_a_share_is_a_share(ratio: str) -> None:
    with pytest.raises(ConfigurationError, match="TRACES_RATIO"):
        load(DATABASE | {"TRACES_RATIO": ratio})
