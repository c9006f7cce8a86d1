#!/usr/bin/env python
"""Measures every list of the console, its second page, the search and views of the map, on a database of any size.

python scripts/bench/console.py                                                 a small one
python scripts/bench/console.py --users 1000000 --stations 100000 --rentals 10000000 --write

It fails where 95 of 100 answers take longer than they may. A list that is added is measured by itself.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
import re
import statistics
import time
from dataclasses import dataclass
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from powerbank import create_app
from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from scripts.bench.parts import console_network
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import servers

PAGE = ROOT / "docs/performance.md"
REPEAT = 20
LONGEST, LONGEST_VIEW = 200.0, 300.0  # milliseconds, of a list or search and of a view of the map
EMAIL, PASSWORD = "bench@example.com", "only for this measurement"
NO_LISTS = re.compile(r"/console/(login|account|live|station-codes|.*export|.*/decide|.*/new-|new-)")
WORDS = ("person77", "+977900000", "Station 77", "S77", "R00000077")
VIEWS = {
    "the whole network": "west=80&south=26&east=88.5&north=30.5&zoom=7",
    "a region": "west=83&south=27&east=86&north=29&zoom=9",
    "a town": "west=85.2&south=27.6&east=85.5&north=27.8&zoom=12",
}


@dataclass(frozen=True)
class Measured:
    p50: float
    p95: float
    longest: float

    @property
    def in_time(self) -> bool:
        return self.p95 <= self.longest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--stations", type=int, default=2_000)
    parser.add_argument("--rentals", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    asked = parser.parse_args()
    with servers() as ground:
        os.environ.update(ground.environment | {"RATE_LIMIT_PER_MINUTE": "10000000"})
        console_network.fill(ground, users=asked.users, stations=asked.stations, rentals=asked.rentals)
        found = measure(create_app())
        sizes = f"{asked.users:,} people, {asked.stations:,} stations, {asked.rentals:,} rentals"
        told = f"{ground.machine()}. {sizes}. Milliseconds of {REPEAT} answers.\n\n{make_table(found)}"
    print(told)
    if asked.write:
        report.keep(PAGE, "console", told)
    return 0 if all(each.in_time for each in found.values()) else 1


def measure(app: Flask) -> dict[str, Measured]:
    client = sign_in(app)
    found = {}
    for address in list_addresses(app):
        answer = client.get(address)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        found[f"`{address}`"] = time_it(client, address, LONGEST)
        following = re.search(r'href="([^"]+)" rel="next"', answer.text)
        if following:
            found[f"`{address}`, its second page"] = time_it(client, unescape(following[1]), LONGEST)
    if "/console/search" in set(list_addresses(app)):
        for words in WORDS:
            found[f"search for `{words}`"] = time_it(client, f"/console/search?q={words}", LONGEST)
    for name, box in VIEWS.items():
        found[f"the map, {name}"] = time_it(client, f"/console/map/view?{box}", LONGEST_VIEW)
    return found


def list_addresses(app: Flask) -> list[str]:
    """List the pages of the console that need nothing to be named in their address."""
    rules = (rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments)
    return sorted({rule for rule in rules if rule.startswith("/console/") and not NO_LISTS.match(rule)})


def sign_in(app: Flask) -> FlaskClient:
    with app.app_context(), transaction():
        administration.ensure_staff(email=EMAIL, password=PASSWORD, role=Role.SUPERADMIN)
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/console/login").text)
    if token is None:
        raise RuntimeError("the sign-in has no form")
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1]}
    if client.post("/console/login", data=form).status_code != 302:
        raise RuntimeError("the sign-in was refused")
    return client


def time_it(client: FlaskClient, address: str, longest: float, *, repeat: int = REPEAT) -> Measured:
    took = []
    for _ in range(repeat):
        began = time.perf_counter()
        status = client.get(address).status_code
        took.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise RuntimeError(f"{address} answers {status}")
    return Measured(statistics.median(took), statistics.quantiles(took, n=20)[-1], longest)


def make_table(found: dict[str, Measured]) -> str:
    lines = ["| page | half within | 95 of 100 within |", "| --- | ---: | ---: |"]
    for name, each in found.items():
        late = "" if each.in_time else f" (more than {each.longest:.0f})"
        lines.append(f"| {name} | {each.p50:,.0f} | {each.p95:,.0f}{late} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
