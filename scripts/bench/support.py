#!/usr/bin/env python
"""Measures the queue of support, the search in what was said, and one conversation, on a database of any size.

python scripts/bench/support.py                                       a tenth: 100,000 conversations, 2 million messages
python scripts/bench/support.py --conversations 1000000 --write       20 million messages

It fails where 95 of 100 answers take longer than they may. `--plans` shows how PostgreSQL reads what is slow.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os

from flask import Flask
from sqlalchemy import event, text

from powerbank import create_app
from powerbank.base.db import db
from scripts.bench.console import Measured, make_table, sign_in, time_it
from scripts.bench.parts import support_talk
from scripts.bench.parts.support_talk import COMMON, RARE, USUAL
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import servers

PAGE = ROOT / "docs/performance.md"
LONGEST = 100.0  # milliseconds
REPEAT = 100  # of fewer answers, one that the machine held up decides what 95 of 100 take
QUEUE = "/console/support"
ASKED = {
    "the queue": "status=open",
    "late ones": "status=open&overdue=true",
    "assigned to nobody": "status=open&assignee=none",
    "one's own": "assignee=me",
    "one topic, one language": "status=open&topic=other&language=en",
    "all of a topic that has few": "topic=station",
    "all of venues": "topic=partner",
    "everything": "status=closed",
    f"search for `{COMMON}`, in each twentieth message": f"q={COMMON}",
    f"search for `{USUAL}`, in each thousandth": f"q={USUAL}",
    f"search for `{RARE}`, in ten of all": f"q={RARE}",
    "search for two words": f"q={COMMON}+{USUAL}",
    "search for a word that nobody wrote": "q=nobodywrotethis",
    "search in open ones": f"status=open&q={USUAL}",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--plans", action="store_true", help="show the plans of what takes too long")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    asked = parser.parse_args()
    with servers() as ground:
        os.environ.update(ground.environment | {"RATE_LIMIT_PER_MINUTE": "10000000"})
        support_talk.fill(ground, conversations=asked.conversations)
        app = create_app()
        found = measure(app, with_plans=asked.plans)
        sizes = f"{asked.conversations:,} conversations, {asked.conversations * support_talk.MESSAGES:,} messages"
        told = f"{ground.machine()}. {sizes}. Milliseconds of {REPEAT} answers of the console.\n\n{make_table(found)}"
    print(told)
    if asked.write:
        report.keep(PAGE, "support", told)
    return 0 if all(each.in_time for each in found.values()) else 1


def measure(app: Flask, *, with_plans: bool) -> dict[str, Measured]:
    client = sign_in(app)
    with app.app_context():
        newest = db.session.scalar(text("SELECT id FROM conversations ORDER BY last_message_id DESC LIMIT 1"))
    pages = {name: f"{QUEUE}?{query}" for name, query in ASKED.items()} | {"one conversation": f"{QUEUE}/{newest}"}
    found = {}
    for name, address in pages.items():
        client.get(address)  # the first answer of a process compiles templates and statements
        found[name] = time_it(client, address, LONGEST, repeat=REPEAT)
        if with_plans and not found[name].in_time:
            print(name, explain(app, lambda address=address: client.get(address)), sep="\n")
    return found


def explain(app: Flask, ask: object) -> str:
    """Give the plan of the slowest statement of an answer."""
    said: list[tuple[str, object]] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()  # type: ignore[operator]
    finally:
        event.remove(engine, "before_cursor_execute", note)
    plans = []
    with engine.connect() as connection:
        for statement, parameters in said:
            if "conversations" in statement:
                rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)  # type: ignore[arg-type]
                plans.append("\n".join(row[0] for row in rows))
    return "\n\n".join(plans)


if __name__ == "__main__":
    sys.exit(main())
