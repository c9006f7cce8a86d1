#!/usr/bin/env python
"""Measures `./scripts/run` until /health/ready answers: `python scripts/bench/start.py --write` (about two minutes).

A clone of the last commit with nothing installed, then that clone with its packages but no data, then later starts,
each with an empty environment. Downloads come from pip's cache where it has them.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT

PAGE = ROOT / "docs/performance.md"
PATIENCE = 300.0
Times = tuple[float, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--later", type=int, default=5, help="how many later starts")
    parser.add_argument("--port-base", type=int, default=9300)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="powerbank-start-") as folder:
        clone = Path(folder) / "powerbank"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        rows = {
            "a clone with nothing installed": [start_and_stop(clone, arguments.port_base)],
            "the same without its data (`--fresh`)": [start_and_stop(clone, arguments.port_base, "--fresh")],
            "a later start": [start_and_stop(clone, arguments.port_base) for _ in range(arguments.later)],
            "a later start with `--bare --small`": [
                start_and_stop(clone, arguments.port_base, "--bare", "--small") for _ in range(arguments.later)
            ],
        }
    text = table(rows)
    print(text)
    if arguments.write:
        report.keep(PAGE, "start", text)
    return 0


def start_and_stop(clone: Path, port_base: int, *options: str) -> Times:
    """Seconds until it is ready, and until it is gone after Ctrl-C."""
    began = time.monotonic()
    run = subprocess.Popen(
        ["./scripts/run", "--port-base", str(port_base), *options],
        cwd=clone,
        env={"PATH": os.defpath, "HOME": str(Path.home())},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not is_ready(f"http://127.0.0.1:{port_base}/health/ready"):
            if run.poll() is not None or time.monotonic() > began + PATIENCE:
                raise SystemExit(f"./scripts/run {' '.join(options)} was not ready; it ended with {run.poll()}")
            time.sleep(0.05)
        ready = time.monotonic()
    finally:
        told = time.monotonic()
        run.send_signal(signal.SIGINT)
        run.wait()
    return ready - began, time.monotonic() - told


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (ours)
            return bool(answer.status == 200)
    except OSError:
        return False


def table(rows: dict[str, list[Times]]) -> str:
    heading = "| start | seconds until ready | seconds to stop |"
    lines = [f"{os.cpu_count()} cores.", "", heading, "| --- | ---: | ---: |"]
    for title, times in rows.items():
        ready, gone = (f"{statistics.median(each):.1f}{_range(each)}" for each in zip(*times, strict=True))
        lines.append(f"| {title} | {ready} | {gone} |")
    return "\n".join(lines)


def _range(seconds: tuple[float, ...]) -> str:
    return f" ({min(seconds):.1f}–{max(seconds):.1f})" if len(seconds) > 1 else ""


if __name__ == "__main__":
    sys.exit(main())
