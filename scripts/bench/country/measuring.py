"""Time every address and every scheduled task of one country, count the rows that each reads, and keep the plans of
what is slow."""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask

from powerbank.base.db import db
from scripts.bench.country.explaining import explained
from scripts.bench.country.filling import Tell
from scripts.bench.country.readers import Readers
from scripts.bench.country.rows_read import Meter
from scripts.bench.country.tasks import Worker

REPEAT = 6
RUNS = 3  # of a task, after the first one, which finds all that was left lying
MUCH = 10_000  # rows of one table in sequential scans are a scan of a large table
SLOW = 200.0  # milliseconds that a page may take
MOST_PLANS = 4  # of one address, the slowest first


@dataclass
class Measured:
    kind: str  # "address" or "task"
    answer: str  # a status, or how a task ended
    p50: float = 0.0
    p95: float = 0.0
    rows: int = 0
    scanned: dict[str, int] = field(default_factory=dict)


def measure(app: Flask, url: str, plans: Path, tell: Tell, only: str = "") -> dict[str, dict[str, Any]]:
    """Measure all. Tasks come first, as some of them make what pages show."""
    with app.app_context():
        engine = db.engine
    meter = Meter(engine, url)
    worker, found = Worker(app), {}
    plans.mkdir(parents=True, exist_ok=True)
    wanted = re.compile(only)
    for entry in worker.tasks():
        name = f"task {entry.name}"
        if not wanted.search(name):
            continue
        outcome = worker.run(entry)
        found[name] = _time(meter, partial(worker.run, entry), "task", str(outcome), RUNS)
        tell(f"{name}: {found[name].p50:.0f} ms, {found[name].rows:,} rows, {outcome}")
    readers = Readers(app, url)
    for address in readers.addresses():
        if not wanted.search(address.rule):
            continue
        if not address.path or readers.get(address) == 404:
            found[address.rule] = Measured("address", "nothing there")
            continue
        status = readers.get(address)
        found[address.rule] = each = _time(meter, partial(readers.get, address), "address", str(status), REPEAT)
        if each.p95 > SLOW or any(rows > MUCH for rows in each.scanned.values()):
            tell(f"{address.rule}: {each.p50:.0f} ms, p95 {each.p95:.0f} ms, {each.rows:,} rows, {status}")
    meter.close()
    for name, each in found.items():
        if each.p95 > SLOW or any(rows > MUCH for rows in each.scanned.values()):
            act = next((a for a in readers.addresses() if a.rule == name), None)
            task = next((t for t in worker.tasks() if f"task {t.name}" == name), None)
            with explained(engine) as statements:
                if act is not None:
                    readers.get(act)
                elif task is not None:
                    worker.run(task)
            _keep(plans, name, sorted(statements, key=lambda each: -each.milliseconds)[:MOST_PLANS])
    return {name: asdict(each) for name, each in found.items()}


def _time(meter: Meter, act: Callable[[], object], kind: str, answer: str, repeat: int) -> Measured:
    took = []
    for _ in range(repeat):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    read, _ = meter.read_during(act)
    return Measured(
        kind,
        answer,
        statistics.median(took),
        statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0],
        read.read.total(),
        dict(read.scanned.most_common(5)),
    )


def _keep(plans: Path, name: str, statements: list[Any]) -> None:
    path = plans / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')[:100]}.txt"
    path.write_text("\n\n".join(f"{s.milliseconds:.1f} ms\n{s.statement}\n{s.plan}" for s in statements))
