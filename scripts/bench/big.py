#!/usr/bin/env python
"""Makes a country of any size, and times every address and every scheduled task on it and on a small one.

python scripts/bench/big.py --scale 0.01                    10,000 people, 100,000 rentals, a million postings
python scripts/bench/big.py --scale 1 --write               the whole country; its data take some 100 GB and hours

The countries are kept in the folder of `--data`, and a run that is broken off goes on where it was. All of it is made
anew with `--fresh`, which a country that is older than some days needs: nothing happened "today" in it. It ends with 1
if anything grows with the country, scans a large table, or is slower than a page may be.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from scripts.bench.country import tables
from scripts.bench.country.all_parts import PARTS
from scripts.bench.country.filling import fill, list_broken_foreign_keys
from scripts.bench.country.numbers import Size
from scripts.bench.shared import report
from scripts.bench.shared.environments import KEPT, ROOT
from scripts.bench.shared.servers import Ground
from scripts.sandbox import testing
from scripts.sandbox.environment import settings as played_by_sandbox
from scripts.stack.ports import free_ports
from scripts.stack.stack import Stack

PAGE = ROOT / "docs/big.md"
EMPTY = "powerbank"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.01, help="of the large country; 1 has ten million rentals")
    parser.add_argument("--small", type=float, help="scale of the small one, a tenth unless said")
    parser.add_argument("--data", type=Path, default=KEPT / "big", help="where the countries are kept")
    parser.add_argument("--fresh", action="store_true", help="forget what is there")
    parser.add_argument("--again", action="store_true", help="measure the small one too, if it was measured before")
    parser.add_argument("--fill-only", action="store_true")
    parser.add_argument("--only", default="", help="measure only addresses and tasks that match this expression")
    parser.add_argument("--check", action="store_true", help="check all foreign keys of the data too")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    parser.add_argument("--measure", help=argparse.SUPPRESS)  # one country, in a process of its own
    asked = parser.parse_args()
    if asked.measure:
        return measure_one(asked.measure, asked.data, asked.only)
    if asked.fresh:
        shutil.rmtree(asked.data, ignore_errors=True)
    small, big = Size(asked.small or asked.scale / 10), Size(asked.scale)
    with servers_that_stay(asked.data) as ground:
        for size in (small, big):
            make(ground, size, check=asked.check)
        if asked.fill_only:
            return 0
        for size in (small, big):
            if size is small and (asked.data / f"{name_of(small)}.json").exists() and not asked.again:
                continue
            command = [sys.executable, __file__, "--measure", name_of(size), "--data", str(asked.data)]
            environment = ground.environment | {"DATABASE_URL": url_of(ground, size, owner=False)}
            environment |= {"BIG_URL": url_of(ground, size), "DATABASE_OWNER_URL": url_of(ground, size)}
            subprocess.run([*command, "--only", asked.only], check=True, cwd=ROOT, env=environment)
        results = [json.loads((asked.data / f"{name_of(size)}.json").read_text()) for size in (small, big)]
        told = f"{ground.machine()}.\n\n{tables.compare(*results, small=small, big=big)}"
        grown = tables.show_growth(url_of(ground, big), big)
    print(f"{told}\n\n{grown}")
    if asked.write:
        report.keep(PAGE, "big", told)
        report.keep(PAGE, "growth of tables", grown)
    return 1 if tables.list_faults(*results) else 0


def make(ground: Ground, size: Size, *, check: bool) -> None:
    postgres = ground.stack.postgres
    assert postgres is not None  # noqa: S101 (for the type checker)
    postgres.create_database(name_of(size), template=EMPTY)
    url = url_of(ground, size)
    migrate(ground, postgres.owner_url(name_of(size)))
    fill(url, size, PARTS, now=datetime.now(UTC), tell=tell)
    tables.vacuum(url, tell)
    if check and (broken := list_broken_foreign_keys(url)):
        raise SystemExit("\n".join(broken))


def measure_one(name: str, data: Path, only: str) -> int:
    """Measure the country of this environment."""
    with testing.running() as sandbox:
        os.environ.update(played_by_sandbox(sandbox.url, sandbox.smtp_port, sandbox.accounts))
        os.environ.update({"RATE_LIMIT_PER_MINUTE": "10000000", "DOCUMENTS_DIR": str(data / "documents")})
        from powerbank import create_app
        from scripts.bench.country import measuring

        found = measuring.measure(create_app(), os.environ["BIG_URL"], data / "plans" / name, tell, only)
    (data / f"{name}.json").write_text(json.dumps(found, indent=1))
    return 0


def name_of(size: Size) -> str:
    return f"country_of_{size.people}"


def url_of(ground: Ground, size: Size, *, owner: bool = True) -> str:
    postgres = ground.stack.postgres
    assert postgres is not None  # noqa: S101 (for the type checker)
    return postgres.superuser_url(name_of(size)) if owner else postgres.app_url(name_of(size))


@contextmanager
def servers_that_stay(data: Path) -> Iterator[Ground]:
    """Start servers on a folder that is there the next time too, with an empty database of today's migrations."""
    data.mkdir(parents=True, exist_ok=True)
    with Stack(data / "servers", free_ports(), replaced_by={"MQTT_URL": "mqtt://unused"}) as stack:
        ground = Ground(stack)
        migrate(ground, ground.environment["DATABASE_OWNER_URL"])
        yield ground


def migrate(ground: Ground, owner_url: str) -> None:
    """Bring a database to today's migrations, also one that was kept from an earlier run."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    environment = ground.environment | {"DATABASE_OWNER_URL": owner_url}
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=sys.stderr)


def tell(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
