"""Every statement that the stack sends during some lives, counted and timed from the log of PostgreSQL.

The embedded server has no `pg_stat_statements`. Its log takes processor time, so these lives are others than those
whose time is measured.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from scripts.bench.life.database import as_superuser
from scripts.stack.stack import Stack

_ENTRY = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] (?P<program>[^|]*)\|LOG:  duration: (?P<ms>[\d.]+) ms  \w+[^:]*: "
)
OURS = "[unknown]"  # this bench, which gives itself no name at the database
_VALUES = (
    (re.compile(r"'(?:[^']|'')*'(?:::[a-z_]+(?:\[\])?)?"), "?"),
    (re.compile(r"\b\d+(?:\.\d+)?\b"), "?"),
    (re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)"), "(?, …)"),
    (re.compile(r"\s+"), " "),
)


class Statement(NamedTuple):
    program: str
    text: str
    times: float
    milliseconds: float


class Sent(NamedTuple):
    """What was sent within so many seconds."""

    seconds: float
    statements: list[Statement]

    def beyond(self, rest: "Sent") -> list[Statement]:
        """Return the statements without those that a rest of the same length would have had."""
        share = self.seconds / rest.seconds
        at_rest = {(each.program, each.text): each for each in rest.statements}
        left = []
        for each in self.statements:
            usual = at_rest.get((each.program, each.text), Statement(each.program, each.text, 0, 0.0))
            times = each.times - usual.times * share
            if times > 0:
                spent = max(0.0, each.milliseconds - usual.milliseconds * share)
                left.append(Statement(each.program, each.text, times, spent))
        return left


def log(servers: Stack, act: Callable[[], None]) -> Sent:
    """Return the statements that are sent while something is done."""
    assert servers.postgres is not None  # noqa: S101 (for the type checker)
    log = servers.postgres.log
    _set_logging(servers, "log_min_duration_statement = 0", "log_line_prefix = '%m [%p] %a|'")
    size, began = log.stat().st_size, time.monotonic()
    try:
        act()
    finally:
        seconds = time.monotonic() - began
        _set_logging(servers, "log_min_duration_statement = -1")
    with log.open("rb") as lines:
        lines.seek(size)
        return Sent(seconds, _summed(lines.read().decode(errors="replace")))


def _set_logging(servers: Stack, *settings: str) -> None:
    for setting in settings:
        as_superuser(servers, f"ALTER SYSTEM SET {setting}")
    as_superuser(servers, "SELECT pg_reload_conf()")
    as_superuser(servers, "SELECT pg_sleep(0.5)")


def _summed(log: str) -> list[Statement]:
    times: dict[tuple[str, str], int] = defaultdict(int)
    milliseconds: dict[tuple[str, str], float] = defaultdict(float)
    for entry in re.split(r"\n(?!\t)", log):
        head = _ENTRY.match(entry)
        if head is None or head["program"] == OURS:
            continue
        key = head["program"], _without_values(entry[head.end() :])
        times[key] += 1
        milliseconds[key] += float(head["ms"])
    return [Statement(*key, times[key], milliseconds[key]) for key in times]


def _without_values(statement: str) -> str:
    for pattern, instead in _VALUES:
        statement = pattern.sub(instead, statement)
    return statement.strip()
