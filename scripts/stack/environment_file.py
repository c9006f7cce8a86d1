"""The settings of a running system as a file that a shell can read: `set -a; . .powerbank/environment.env`."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from scripts.stack.files import write_private


def path_in(data_dir: Path) -> Path:
    return data_dir / "environment.env"


def write(data_dir: Path, settings: Mapping[str, str]) -> None:
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in sorted(settings.items()))
    write_private(path_in(data_dir), "".join(lines))


def read(data_dir: Path) -> dict[str, str]:
    """Read the settings. The result is empty where no system has been started."""
    path = path_in(data_dir)
    words = shlex.split(path.read_text()) if path.exists() else []
    return dict(word.split("=", 1) for word in words)
