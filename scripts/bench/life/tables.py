"""What was counted, as tables for people."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.bench.life import profile
from scripts.bench.life.counters import Counters
from scripts.bench.life.profile import Stacks
from scripts.bench.life.statements import Statement
from scripts.bench.life.yardsticks import Yardsticks

TOP = 10
FEWEST_LOOKS = 50  # of a program that is shown
OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK")


@dataclass
class Cost:
    """What one life costs beyond what the stack costs at rest."""

    yardsticks: Yardsticks
    programs: dict[str, float]  # milliseconds of processor time
    backends: dict[str, float]  # the same of the backends, by the program that they serve
    at_rest: dict[str, float]  # milliseconds a second
    wal_bytes: float
    wal_images: float
    redis_reads: float
    redis_commands: dict[str, float]
    transactions: float
    tables: dict[str, dict[str, float]]
    indexes: dict[str, float]

    @classmethod
    def between(cls, rest: Counters, before: Counters, after: Counters, lives: int, yards: Yardsticks) -> "Cost":
        rested, lasted = before.at - rest.at, after.at - before.at
        told_rest, told = before.statistics_at - rest.statistics_at, after.statistics_at - before.statistics_at

        def beyond_rest(first: float, middle: float, last: float, *, late: bool = False) -> float:
            share = told / told_rest if late else lasted / rested
            return ((last - middle) - (middle - first) * share) / lives

        def of_each(name: str, factor: float = 1.0, *, late: bool = False) -> dict[str, float]:
            one, two, three = (getattr(each, name) for each in (rest, before, after))
            return {
                key: beyond_rest(one.get(key, 0), two.get(key, 0), last, late=late) * factor
                for key, last in three.items()
            }

        return cls(
            yardsticks=yards,
            programs=of_each("seconds", 1000),
            backends=of_each("backends", 1000),
            at_rest={name: (used - rest.seconds[name]) / rested * 1000 for name, used in before.seconds.items()},
            # A checkpoint comes before the rest, so that pages are written whole then, which is not what a rest costs.
            wal_bytes=(after.wal_bytes - before.wal_bytes) / lives,
            wal_images=(after.wal_images - before.wal_images) / lives,
            redis_reads=beyond_rest(rest.redis_reads, before.redis_reads, after.redis_reads),
            redis_commands=of_each("redis_commands"),
            transactions=beyond_rest(rest.transactions, before.transactions, after.transactions, late=True),
            tables={
                table: {
                    what: beyond_rest(
                        rest.tables.get(table, {}).get(what, 0),
                        before.tables.get(table, {}).get(what, 0),
                        last,
                        late=True,
                    )
                    for what, last in numbers.items()
                }
                for table, numbers in after.tables.items()
            },
            indexes=of_each("indexes", late=True),
        )

    @property
    def total(self) -> float:
        return sum(self.programs.values())

    def rows(self, *what: str) -> float:
        return sum(numbers[each] for numbers in self.tables.values() for each in what)


def of_cost(cost: Cost, sent: Sequence[Statement], logged: int) -> list[str]:
    per_transaction, per_loop = cost.yardsticks
    lines = [
        f"A yardstick is the processor time of one transaction of pgbench (TPC-B, client and server): here"
        f" {per_transaction:.2f} ms; a loop of two million turns in Python took {per_loop:.1f} ms.",
        "",
        "| processor time of one life | ms | pgbench transactions | Python loops | at rest, ms a second |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    programs = sorted(cost.programs.items(), key=lambda each: -each[1])
    for name, used in [*programs, ("**all of them**", cost.total)]:
        rest = sum(cost.at_rest.values()) if name.startswith("*") else cost.at_rest[name]
        lines.append(f"| {name} | {used:.1f} | {used / per_transaction:.1f} | {used / per_loop:.2f} | {rest:.1f} |")
    backends = sorted(cost.backends.items(), key=lambda each: -each[1])
    rest_of_postgres = cost.programs["postgres"] - sum(cost.backends.values())
    transactions = sum(each.times for each in sent if each.text == "COMMIT") / logged
    without_frame = sum(each.times for each in sent if each.text not in OF_TRANSACTIONS) / logged
    everything = sum(each.times for each in sent) / logged
    lines += [
        "",
        "PostgreSQL for: "
        + ", ".join(f"{name} {used:.1f} ms" for name, used in backends if used >= 0.05)
        + f", its own processes {rest_of_postgres:.1f} ms.",
        "",
        "| one life | |",
        "| --- | ---: |",
        f"| statements, with BEGIN and COMMIT | {everything:.0f} |",
        f"| statements without them | {without_frame:.0f} |",
        f"| commits | {transactions:.0f} |",
        f"| rows inserted | {cost.rows('inserted'):.1f} |",
        f"| rows updated | {cost.rows('updated'):.1f} |",
        f"| of them without touching an index | {cost.rows('updated_in_place'):.1f} |",
        f"| rows deleted | {cost.rows('deleted'):.1f} |",
        f"| write-ahead log | {cost.wal_bytes / 1024:.1f} kB |",
        f"| pages written whole into it | {cost.wal_images:.1f} |",
        f"| round trips to Redis | {cost.redis_reads:.0f} |",
        f"| commands to Redis, with those of scripts | {sum(cost.redis_commands.values()):.0f} |",
    ]
    return lines


def of_profile(stacks: Mapping[str, Stacks], sent: Sequence[Statement], logged: int) -> list[str]:
    """The ten dearest functions of each program by their own time, and the ten dearest statements."""
    seen = {name: each for name, each in stacks.items() if each.total() >= FEWEST_LOOKS}
    columns = (*profile.LIBRARIES, profile.OTHERS)
    lines = [f"| own time of | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for name, each in sorted(seen.items(), key=lambda one: -one[1].total()):
        libraries = profile.own_time_by_library(each)
        lines.append(f"| {name} | " + " | ".join(f"{libraries.get(column, 0.0):.0%}" for column in columns) + " |")
    lines.append("")
    for name, each in sorted(seen.items(), key=lambda one: -one[1].total()):
        lines += [f"| {name} | own time |", "| --- | ---: |"]
        lines += [f"| `{what}` | {share:.1%} |" for what, share in list(profile.own_time(each).items())[:TOP]]
        lines.append("")
    total = sum(each.milliseconds for each in sent) or 1.0
    times: dict[str, float] = defaultdict(float)
    milliseconds: dict[str, float] = defaultdict(float)
    for statement in sent:
        times[statement.text] += statement.times
        milliseconds[statement.text] += statement.milliseconds
    lines += ["| PostgreSQL | times in a life | share of the time |", "| --- | ---: | ---: |"]
    lines += [
        f"| `{_cut(text)}` | {times[text] / logged:.1f} | {spent / total:.1%} |"
        for text, spent in sorted(milliseconds.items(), key=lambda each: -each[1])[:TOP]
    ]
    return lines


def keep_everything(
    folder: Path, cost: Cost, sent: Sequence[Statement], logged: int, stacks: Mapping[str, Stacks]
) -> None:
    """Write all that was counted into files, for whoever looks for what to lower."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cost.json").write_text(json.dumps(asdict(cost), indent=1))
    dearest = sorted(sent, key=lambda each: -each.milliseconds)
    (folder / "statements.txt").write_text(
        "".join(f"{s.times / logged:8.2f} {s.milliseconds / logged:8.3f} ms {s.program:16} {s.text}\n" for s in dearest)
    )
    for name, each in stacks.items():
        (folder / f"{name}.own.txt").write_text(_listed(profile.own_time(each)))
        (folder / f"{name}.within.txt").write_text(_listed(profile.time_within(each)))


def _listed(shares: Mapping[str, float]) -> str:
    return "".join(f"{share:7.2%} {what}\n" for what, share in shares.items() if share >= 0.001)


def _cut(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
