"""What is left of a day: everybody behaves now, and nothing may be stuck, held or out of balance."""

import time

from scripts.bench.rental_day import Day
from scripts.bench.rental_network import query
from scripts.stack.stack import Stack

PATIENCE = 600.0  # seconds for the sweeps to end what the day left

# Each must be nothing in the end.
LEFT = {
    "open rentals": "SELECT count(*) FROM rentals WHERE status IN"
    " ('pending', 'ejecting', 'unresolved', 'active', 'overdue')",
    "ended and not settled": "SELECT count(*) FROM rentals WHERE status IN ('completed', 'cancelled', 'failed', 'lost')"
    " AND settled_at IS NULL AND NOT came_late",
    "promised banks": "SELECT count(*) FROM bank_reservations",
    "banks in somebody's hands": "SELECT count(*) FROM custody WHERE place = 'user' AND upper_inf(period)",
    "open holds": "SELECT count(*) FROM ledger_holds WHERE status = 'open'",
    "held money, in paisa": "SELECT coalesce(sum(balance), 0) FROM ledger_accounts WHERE kind = 'user_hold'",
    "dead letters, but for what came too late": "SELECT count(*) FROM outbox_jobs"
    " WHERE state = 'dead' AND cause <> 'expired'",
    "currencies that do not sum to zero": "SELECT count(*) FROM"
    " (SELECT currency FROM ledger_postings GROUP BY 1 HAVING sum(amount) <> 0) AS off",
    "returns billed twice": "SELECT count(*) FROM (SELECT rental_id FROM rental_events WHERE event = 'returned'"
    " GROUP BY 1 HAVING count(*) > 1) AS twice",
}


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
    return {what: int(query(servers, statement)[0][0]) for what, statement in LEFT.items()}


def _listed(found: list[tuple]) -> str:  # type: ignore[type-arg]
    return ", ".join(f"{row[1]:,} {row[0]}" for row in found)
