"""Programs whose clock is wrong. libfaketime tells a program another time, its libraries in C included, and leaves the
machine's clock alone. Debian has it as the package `faketime`; FAKETIME_LIBRARY names one that lies elsewhere."""

import os
import shlex
from pathlib import Path

PLACES = ("/usr/lib", "/usr/local/lib")


def library() -> Path | None:
    named = os.environ.get("FAKETIME_LIBRARY")
    if named:
        return Path(named)
    found = (path for place in PLACES for path in sorted(Path(place).glob("**/faketime/libfaketimeMT.so.1")))
    return next(found, None)


def prefix(shift: str) -> str:
    """To put before a command: `+1d`, `-1h`. Pauses and timeouts go on by the monotonic clock, as they would."""
    settings = f"LD_PRELOAD={library()} FAKETIME={shift} FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1"
    return f"{shlex.join(['env', *settings.split()])} "
