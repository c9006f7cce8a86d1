#!/usr/bin/env python
"""Measures a broadcast to many people: `python scripts/bench/broadcast.py --write`.

A real worker takes the job; what is measured is the time from the request's commit until the last of them is told.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
import statistics
import subprocess
import time

from flask import Flask

from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import Ground, servers

PAGE = ROOT / "docs/performance.md"
PEOPLE, QUICK_PEOPLE = 100_000, 5_000
MOST = 60.0  # seconds that it may take
POLL = 0.05

# Version 7 of RFC 9562 without an extension: they sort by their time, as ours do.
ROWS = """
    INSERT INTO users (id, username, referral_code, city)
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3)
            || '8' || substr(md5(n::text), 4, 15))::uuid, 'person' || n, 'C' || n, 'Kathmandu'
      FROM generate_series(1, {count}) n
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few people, once: to see that it works")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE.name}")
    arguments = parser.parse_args()
    count, rounds = (QUICK_PEOPLE, 1) if arguments.quick else (PEOPLE, arguments.rounds)
    with servers() as ground:
        ground.as_superuser(ROWS.format(count=count), "VACUUM ANALYZE users", "CHECKPOINT")
        seconds = []
        worker = _worker(ground)
        try:
            for number in range(rounds):
                seconds.append(_broadcast(ground, count))
                print(f"round {number + 1}: {seconds[-1]:.1f} s", file=sys.stderr, flush=True)
        finally:
            worker.terminate()
            worker.wait(timeout=30)
        text = (
            f"{ground.machine()}.\n\n{count:,} notices in the app, one worker: {statistics.median(seconds):.1f} s "
            f"(median of {rounds}, {min(seconds):.1f}–{max(seconds):.1f} s; it may take {MOST:.0f} s for 100,000)."
        )
    print(text)
    if arguments.write:
        report.keep(PAGE, "broadcast", text)
    return 0 if statistics.median(seconds) < MOST else 1


def _worker(ground: Ground) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "scripts/worker.py", "notifications", "default"]
    return subprocess.Popen(command, cwd=ROOT, env=ground.environment)


def _broadcast(ground: Ground, count: int) -> float:
    from powerbank.base.db import new_id, transaction, utcnow
    from powerbank.notifications.broadcasts import services as broadcasts

    with _application(ground).app_context():
        with transaction():
            sent = broadcasts.send_broadcast(
                title="Dashain", message="x" * 200, target={}, push=False, by=new_id(), now=utcnow()
            )
        began = time.monotonic()
    finished = f"SELECT count(*) FROM broadcasts WHERE id = '{sent.id}' AND status = 'done'"  # noqa: S608 (our own id)
    while not ground.as_superuser(finished):
        if time.monotonic() - began > 10 * MOST:
            raise RuntimeError("the broadcast does not end")
        time.sleep(POLL)
    took = time.monotonic() - began
    query = f"SELECT count(DISTINCT user_id) FROM notices WHERE dedup_key = 'broadcast:{sent.id}'"  # noqa: S608
    told = ground.as_superuser(query)
    if told != count:
        raise RuntimeError(f"{told} of {count} were told")
    return took


def _application(ground: Ground) -> Flask:
    from powerbank import create_app

    os.environ.update(ground.environment | {"DATABASE_STATEMENT_TIMEOUT_MS": "0"})
    return create_app()


if __name__ == "__main__":
    sys.exit(main())
