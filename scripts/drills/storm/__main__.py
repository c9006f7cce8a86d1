"""`python -m scripts.drills.storm --minutes 10`: starts a system of its own, lets a storm pass over it, and checks what
is left. Ends with a table, and with 1 if anything is wrong. docs/storm.md tells what the table means."""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

from scripts.bench.shared import report
from scripts.drills.storm import checker, faults, wrong_clock
from scripts.drills.storm.checker import Finding
from scripts.drills.storm.storm import GREEN_WITHIN, Observations, Storm, query, say
from scripts.drills.storm.system import System
from scripts.drills.storm.table import render_table
from scripts.stack.errors import StackError
from scripts.stack.files import DATA_FOLDER_MODE
from scripts.stack.options import ROOT
from scripts.stack.ports import BELOW_OUTGOING, OFFSETS, Ports
from scripts.stack.servers import placement

PAGE = ROOT / "docs/storm.md"


def main() -> int:
    asked = arguments().parse_args()
    signal.signal(signal.SIGTERM, _stop)
    seed = asked.seed if asked.seed is not None else random.randrange(10**6)  # noqa: S311 (not a secret)
    command = f"python -m scripts.drills.storm --minutes {asked.minutes:g} --seed {seed} --riders {asked.riders}"
    say(command)
    if wrong_clock.library() is None:
        say("No libfaketime is here (Debian has it in `faketime`): no program gets a wrong clock.")
    folder = Path(tempfile.mkdtemp(prefix="powerbank-storm-"))
    folder.chmod(DATA_FOLDER_MODE)
    wrong = True
    try:
        said, wrong = storm(folder, asked, seed=seed)
        heading = f"`{command}`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
        say(f"\n{heading}\n\n{said}")
        if asked.write:
            report.keep(PAGE, "storm", f"{heading}\n\n{said}")
    except (StackError, RuntimeError) as problem:
        print(problem, file=sys.stderr)
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        if wrong:
            say(f"Logs and data are in {folder}.")
        else:
            placement.remove(folder)
            shutil.rmtree(folder, ignore_errors=True)
    return int(wrong)


def storm(folder: Path, asked: argparse.Namespace, *, seed: int) -> tuple[str, bool]:
    """What is shown, and whether anything is wrong."""
    system = System(folder, Ports.from_base(asked.port_base or free_base()))
    with system.running():
        kinds = faults.list_faults(named=asked.only)
        seen = Storm(system, seed=seed, riders=asked.riders, kinds=kinds).run(asked.minutes * 60)
        findings = check(system, seen)
        ends = dict(query(system, "SELECT status, count(*) FROM rentals GROUP BY 1"))
    return render_table(seen, findings, ends=ends), bool(findings)


def check(system: System, seen: Observations) -> list[Finding]:
    def ask(statement: str) -> list[tuple[object, ...]]:
        return query(system, statement)

    periods = seen.journal.fault_periods
    return [
        *checker.check_requests(ask, seen.journal),
        *checker.check_payments(ask, seen.journal, seen.gateways),
        *checker.check_codes(seen.journal, seen.codes),
        *checker.check_left_over(ask),
        *checker.check_books(ask),
        *checker.check_custody(ask, seen.places),
        *checker.check_waits(seen.journal),
        *checker.check_health(seen.watch.samples, periods, calm_from=seen.settled_at, green_within=GREEN_WITHIN),
        *checker.check_answers(seen.journal),
    ]


def free_base() -> int:
    """One from which all the ports are free."""
    while True:
        base = random.choice(BELOW_OUTGOING)  # noqa: S311 (not a secret)
        try:
            Ports.from_base(base).check_free(list(OFFSETS))
        except StackError:
            continue
        return base


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.drills.storm", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of storm; setting up and settling come besides")
    parser.add_argument("--seed", type=int, help="repeats the order of an earlier storm")
    parser.add_argument("--riders", type=int, default=10, help="at once")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="faults with this in their names; may be repeated"
    )
    parser.add_argument("--port-base", type=int, help="as of scripts/run (default: any that is free)")
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    return parser


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
