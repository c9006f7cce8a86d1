"""How the tests are dealt out to the processes that run them, and compiled before they start."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

ROOT = Path(__file__).parents[1]
# Each of these tests takes seconds, and waits for most of them.
SLOW = ("faults/", "stations/daemon/", "test_state_machine", "test_any_request_gets")

T = TypeVar("T")


def deal(items: list[pytest.Item], processes: int) -> None:
    """Order the tests so that each process gets as much of everything when xdist cuts the list into equal shares.

    The slow tests lie evenly among the others: while one process waits in such a test, another can work. Modules stay
    whole, or what a module sets up for all of its tests would be set up again; modules of hundreds of tests set up
    nothing.
    """
    slow = [item for item in items if any(part in item.nodeid for part in SLOW)]
    others = [item for item in items if item not in slow]
    pieces = [list(module) for _, module in groupby(others, lambda item: item.path)]
    pieces = [part for module in pieces for part in split(module, processes if len(module) > 200 else 1)]
    Random(1).shuffle(pieces)  # the same each time
    hands: list[list[list[pytest.Item]]] = [[] for _ in range(processes)]
    for piece in sorted(pieces, key=len, reverse=True):
        min(hands, key=lambda hand: sum(map(len, hand))).append(piece)
    for hand, waiting in zip(hands, split(slow, processes), strict=True):
        Random(2).shuffle(hand)
        for number, item in reversed(list(enumerate(waiting))):
            hand.insert(number * len(hand) * 9 // 10 // len(waiting), [item])
    items[:] = [item for hand in hands for piece in hand for item in piece]


def split(items: list[T], parts: int) -> list[list[T]]:
    """Divide a list into parts by taking turns."""
    return [items[number::parts] for number in range(parts)]


def compile_tests() -> Iterator[int]:
    """Begin to compile the tests, and yield the processes that do so.

    In a fresh clone each process of xdist would rewrite the asserts of every module for itself, which takes as long as
    all else of its start.
    """
    kept = f"{sys.implementation.cache_tag}-pytest-{pytest.__version__}.pyc"
    modules = [path.relative_to(ROOT) for path in sorted(ROOT.glob("tests/**/test_*.py"))]
    new = [path for path in modules if not (ROOT / path.parent / "__pycache__" / f"{path.stem}.{kept}").exists()]
    for half in split(new, 2) if len(new) > 100 else []:
        pid = os.fork()
        if pid == 0:
            for module in half:
                with contextlib.suppress(BaseException):  # what is wrong with it is told when it is collected
                    importlib.import_module(".".join(module.with_suffix("").parts))
            os._exit(0)
        yield pid
