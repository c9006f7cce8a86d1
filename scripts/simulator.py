#!/usr/bin/env python
"""Simulate stations: `python scripts/simulator.py network.json`, with the broker's address in MQTT_URL.

network.json is {"stations": [{"sn", "imei", "protocol", "slots", "mqtt": {"username", "password"}, "serials"}],
"hands": [serials that somebody has]}; `-` reads it from standard input. `--generate 100` prints such a file instead.
The page to eject, return and break things by hand is on this machine only. The simulator ends on SIGTERM or Ctrl-C.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import contextlib
import os
import resource
import signal
import threading

from pydantic import ValidationError

from scripts.simulation import FAULTS, Network, Simulator, generate
from scripts.simulation.page import Page
from scripts.simulation.station import Pace

PROTOCOLS = ("json-v1", "volinks-v1")


def main() -> int:
    options = arguments().parse_args()
    if options.generate:
        network = generate(options.generate, protocol=options.protocol, slots=options.slots, seed=options.seed)
        print(network.model_dump_json(indent=1))
        return 0
    if not options.network:
        return complain("Which stations? Give a file, or --generate one.")
    if not options.broker:
        return complain("Where is the broker? Set MQTT_URL or give --broker.")
    try:
        network = read(options.network)
        simulator = Simulator(
            options.broker,
            network.stations,
            hands=network.hands,
            pace=Pace(heartbeat=options.heartbeat, speed=options.speed),
            seed=options.seed,
            keep_in=options.keep_in,
            keep_sessions=not options.forget_sessions,
        )
        rates = dict(rate_of(text) for text in options.fault)
    except (ValidationError, ValueError, OSError) as problem:
        return complain(str(problem))
    more_files_than_stations()
    return run(simulator, options.port, rates)


def run(simulator: Simulator, port: int, rates: dict[str, float]) -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with simulator, contextlib.ExitStack() as stack:
        for station in simulator:
            for name, rate in rates.items():
                station.fault(name, rate=rate)
        try:
            page = stack.enter_context(Page(simulator, port))
        except OSError as problem:
            return complain(f"The page cannot listen on {port}: {problem}")
        print(f"{len(simulator.stations)} stations; their page is {page.url}.", flush=True)
        ended.wait()
    return 0


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="?", help="file with stations, or - for standard input")
    broker = os.environ.get("STATIONS_MQTT_URL") or os.environ.get("MQTT_URL")
    parser.add_argument(
        "--broker", default=broker, help="mqtt://host:port for stations (default: STATIONS_MQTT_URL, then MQTT_URL)"
    )
    parser.add_argument("--port", type=int, default=int(os.environ.get("SIMULATOR_PORT", "8027")), help="of the page")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same choices")
    parser.add_argument("--heartbeat", type=float, help="seconds between heartbeats (default: the protocol's own)")
    parser.add_argument("--speed", type=float, default=1.0, help="of charging and draining")
    parser.add_argument("--keep-in", type=Path, help="file that remembers boot ids and where the banks are")
    parser.add_argument("--forget-sessions", action="store_true", help="the broker keeps no commands for the absent")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=RATE", help=", ".join(FAULTS))
    parser.add_argument("--generate", type=int, metavar="N", help="print N made-up stations and end")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="json-v1", help="of generated stations")
    parser.add_argument("--slots", type=int, default=8, help="of generated stations")
    return parser


def read(place: str) -> Network:
    return Network.model_validate_json(sys.stdin.read() if place == "-" else Path(place).read_text())


def rate_of(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    if name not in FAULTS:
        raise ValueError(f"no fault is called {name}; there are {', '.join(FAULTS)}")
    return name, float(rate or 1)


def more_files_than_stations() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def complain(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
