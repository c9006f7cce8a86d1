"""A worker that is killed before, or right after, it calls a certain function: `mortal.py module:name before`."""

import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from scripts import worker


def make_deadly(address: str, when: str) -> None:
    module, _, path = address.partition(":")
    holder: Any = importlib.import_module(module)
    *holders, name = path.split(".")
    for each in holders:
        holder = getattr(holder, each)
    call = getattr(holder, name)

    def deadly(*arguments: Any, **named: Any) -> None:
        if when == "after":
            call(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(holder, name, deadly)


def main() -> int:
    make_deadly(sys.argv[1], sys.argv[2])
    sys.argv[1:] = ["all"]
    return worker.main()


if __name__ == "__main__":
    sys.exit(main())
