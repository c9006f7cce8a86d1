"""Read the options of `scripts/run`. Its `--help` is in the script, so that it needs no installation."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from scripts.stack.errors import StackError
from scripts.stack.ports import DEFAULT_BASE

ROOT = Path(__file__).resolve().parents[2]
# What listens on a port of its own, and how there can be more of it all the same.
ONE_PORT = {"web": "; WEB_PROCESSES=2 gives it more processes", "sandbox": "", "stations": ""}


@dataclass(frozen=True)
class Options:
    data: Path
    fresh: bool
    bare: bool
    small: bool
    port_base: int
    scale: dict[str, int]

    @property
    def procfile(self) -> Path:
        return ROOT / ("Procfile.small" if self.small else "Procfile")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StackError(f"{message[:1].upper()}{message[1:]}; see ./scripts/run --help.")


def parse(words: list[str]) -> Options:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=ROOT / ".powerbank")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--port-base", type=int, default=DEFAULT_BASE)
    parser.add_argument("--scale", action="append", default=[])
    found = parser.parse_args(words)
    if found.data == Path():
        raise StackError("--data needs the name of a folder; see ./scripts/run --help.")
    # The script has changed into the code's folder, while --data was said from the caller's.
    started_in = Path(os.environ.get("POWERBANK_STARTED_IN", "."))
    return Options(
        data=(started_in / found.data.expanduser()).resolve(),
        fresh=found.fresh,
        bare=found.bare,
        small=found.small,
        port_base=found.port_base,
        scale=dict(_scaled(word) for word in found.scale),
    )


def _scaled(word: str) -> tuple[str, int]:
    name, _, number = word.partition("=")
    if not name or not number.isdecimal():
        raise StackError(f"--scale takes NAME=NUMBER, not {word}; see ./scripts/run --help.")
    if name in ONE_PORT and int(number) > 1:
        raise StackError(f"--scale cannot start {name} twice, as it has one port{ONE_PORT[name]}.")
    return name, int(number)


def python_folder() -> Path:
    return Path(sys.executable).parent
