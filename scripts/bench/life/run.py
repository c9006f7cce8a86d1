"""The cost of a rental's whole life: initiation, ejection, what the stations send, return, settlement, points, ranks.

Some lives pass as a warm-up, then the stack rests for as long as the measured lives will take, then they pass. What the
rest costs (heartbeats of stations and of programs, the tick of each minute) is taken off, and is told by itself. All
programs run with the same priority, so that a busy machine only takes longer.
"""

import os
import tempfile
import time
from argparse import Namespace
from collections import Counter
from pathlib import Path

from powerbank.base.db import transaction
from powerbank.social import seed
from scripts.bench.life import counters, profile, statements, tables, yardsticks
from scripts.bench.life.database import as_superuser
from scripts.bench.life.lives import KEPT, Riders
from scripts.bench.parts.rentals.network import ALL_IS_DONE, BESIDE, fill, playing, stack, wait
from scripts.simulation import generate

PEOPLE = 120
WARM_UP_RATE = 3.0
PATIENCE = 600  # seconds for the last life to end
LOOK_EVERY = 2.0  # seconds between two questions whether all is done, which cost too
COUNTED = 60  # lives whose statements are logged
SETTLED = "SELECT count(*) = 0 FROM rentals WHERE settled_at IS NULL"
# Who keeps a power bank for some seconds only has brought it back within the cancel window, and pays nothing.
NO_CANCEL_WINDOW = """
    INSERT INTO app_config (key, value, updated_by) VALUES ('cancel_window_minutes', '0', 'bench')
"""


def whole_lives(arguments: Namespace) -> dict[str, str]:
    """The text of the cost, and with `--profile` the text of the profile."""
    if arguments.profile:
        profile.find_program()  # before the minutes of measuring, not after them
    count = round(arguments.rate * arguments.seconds)
    specs = generate(arguments.stations, seed=1).stations
    with stack(names_at_the_database=True, nice=False) as (app, servers, pids):
        programs = {name: pid for name, pid in pids.items() if name != BESIDE}
        tokens, [package] = fill(app, servers, specs, PEOPLE, wallet=5_000_00)
        with app.app_context(), transaction():
            seed.seed_achievements()
        as_superuser(servers, NO_CANCEL_WINDOW)
        yardsticks.prepare(servers)
        with playing(servers, specs) as simulator:
            riders = Riders(simulator, specs, tokens, package)

            def live(number: int, rate: float) -> None:
                riders.live(number, rate, until=lambda: wait(servers, SETTLED, PATIENCE, LOOK_EVERY))
                wait(servers, ALL_IS_DONE, PATIENCE, LOOK_EVERY)

            live(PEOPLE, WARM_UP_RATE)
            measured = [yardsticks.measure(servers)]
            as_superuser(servers, "VACUUM ANALYZE")
            as_superuser(servers, "CHECKPOINT")
            at_rest = counters.read(servers, programs)
            time.sleep(max(0.0, arguments.seconds + KEPT - counters.STATISTICS_ARE_LATE))
            before = counters.read(servers, programs)
            riders.answers = Counter()
            live(count, arguments.rate)
            after = counters.read(servers, programs)
            answers = dict(riders.answers)
            measured.append(yardsticks.measure(servers))
            usual = statements.log(servers, lambda: time.sleep(COUNTED / arguments.rate))
            sent = statements.log(servers, lambda: live(COUNTED, arguments.rate)).beyond(usual)
            stacks = {}
            if arguments.profile:
                python = {name: pid for name, pid in programs.items() if name not in ("postgres", "redis", "broker")}
                with tempfile.TemporaryDirectory() as folder, profile.recorded(python, Path(folder)) as stacks:
                    live(COUNTED, arguments.rate)
    cost = tables.Cost.between(at_rest, before, after, count, yardsticks.Yardsticks.mean(measured))
    head = (
        f"{os.cpu_count()} cores, {arguments.rate:g} lives a second for {arguments.seconds:g} s, {len(specs)} stations"
        f" of eight slots, {PEOPLE} people who have rented before; answers: "
        + ", ".join(f"{number:,} {answer}" for answer, number in sorted(answers.items()))
        + "."
    )
    texts = {"rental-cost": "\n".join([head, "", *tables.of_cost(cost, sent, COUNTED)])}
    if arguments.profile:
        texts["rental-profile"] = "\n".join(tables.of_profile(stacks, sent, COUNTED))
    if arguments.keep:
        tables.keep_everything(Path(arguments.keep), cost, sent, COUNTED, stacks)
    return texts
