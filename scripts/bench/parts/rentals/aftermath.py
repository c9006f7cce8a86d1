"""What is left of a day: everybody behaves now, and nothing may be stuck, held or out of balance."""

import time

from scripts.bench.parts.rentals.day import Day
from scripts.bench.parts.rentals.network import query
from scripts.drills import leftovers
from scripts.stack.stack import Stack

PATIENCE = 600.0  # seconds for the sweeps to end what the day left


def aftermath(servers: Stack, day: Day) -> tuple[list[str], bool]:
    """The lines that are shown, and whether anything is left."""
    began = time.monotonic()
    left = _left(servers)
    while any(left.values()) and time.monotonic() - began < PATIENCE:
        day.bring_everything_back()
        time.sleep(2)
        left = _left(servers)
    needed = time.monotonic() - began
    lines = ["| what is left | |", "| --- | ---: |", *(f"| {what} | {number} |" for what, number in left.items()), ""]
    ends = query(servers, "SELECT status, count(*) FROM rentals GROUP BY 1 ORDER BY 1")
    events = query(servers, "SELECT event, count(*) FROM rental_events GROUP BY 1 ORDER BY 2 DESC")
    earned = query(
        servers,
        "SELECT coalesce(sum(wallet), 0) FROM wallet_transactions WHERE direction = 'out' AND status = 'success'",
    )[0][0]
    took = sorted(day.told.took)
    lines += [
        f"Nothing was left {needed:.0f} s after the day." if not any(left.values()) else "Something is left.",
        f"Rentals: {_listed(ends)}. Answers to people: {_listed(sorted(day.told.answers.items()))}.",
        f"What happened: {_listed(events)}. NPR {earned / 100:,.2f} paid.",
        f"A start's request: p50 {took[len(took) // 2] * 1000:.0f} ms, p99"
        f" {took[min(len(took) - 1, int(len(took) * 0.99))] * 1000:.0f} ms.",
    ]
    return lines, any(left.values())


def _left(servers: Stack) -> dict[str, int]:
    return leftovers.count(lambda statement: query(servers, statement))


def _listed(found: list[tuple]) -> str:  # type: ignore[type-arg]
    return ", ".join(f"{row[1]:,} {row[0]}" for row in found)
