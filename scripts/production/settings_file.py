"""A production's settings in a file, as systemd's `EnvironmentFile=` reads it: `NAME=value` in a line."""

import contextlib
import os
import shlex
from pathlib import Path

USUAL = Path("/etc/powerbank/settings.env")


def parse(text: str) -> dict[str, str]:
    """Read the lines. A value may stand in quotes, as a shell has it."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            words = shlex.split(value) if value[:1] in "'\"" else [value]
            found[name.strip()] = words[0].strip() if words else ""
    return found


def replace(path: Path, text: str) -> None:
    """Write the file whole or not at all. It keeps its owner and its mode; a new one is its owner's alone."""
    aside = path.with_name(f".{path.name}.new")
    aside.unlink(missing_ok=True)
    aside.touch(mode=0o600)
    aside.write_text(text)
    if path.exists():
        state = path.stat()
        aside.chmod(state.st_mode & 0o777)
        with contextlib.suppress(PermissionError):
            os.chown(aside, state.st_uid, state.st_gid)
    aside.replace(path)


def use(path: Path | None) -> Path | None:
    """Take the settings of this file, or of the usual one where the environment names no database. What the environment
    says itself goes first."""
    if path is None and ("DATABASE_URL" in os.environ or not USUAL.exists()):
        return None
    path = path or USUAL
    for name, value in parse(path.read_text()).items():
        os.environ.setdefault(name, value)
    return path
