"""What may not be left once everybody has brought back what they had and the sweeps have had their time."""

from collections.abc import Callable
from typing import Any

# Each must be nothing in the end.
LEFT = {
    "open rentals": "SELECT count(*) FROM rentals WHERE status IN"
    " ('pending', 'ejecting', 'unresolved', 'active', 'overdue')",
    "ended and not settled": "SELECT count(*) FROM rentals WHERE status IN ('completed', 'cancelled', 'failed', 'lost')"
    " AND settled_at IS NULL AND NOT came_late",
    "promised banks": "SELECT count(*) FROM bank_reservations",
    "active reservations": "SELECT count(*) FROM reservations WHERE status = 'active'",
    "kept slots": "SELECT count(*) FROM kept_slots",
    "meters that stand still": "SELECT count(*) FROM blocked_returns WHERE outcome = 'open'",
    "banks in somebody's hands": "SELECT count(*) FROM custody WHERE place = 'user' AND upper_inf(period)",
    "open holds": "SELECT count(*) FROM ledger_holds WHERE status = 'open'",
    "held money, in paisa": "SELECT coalesce(sum(balance), 0) FROM ledger_accounts WHERE kind = 'user_hold'",
    "dead letters, but for what came too late": "SELECT count(*) FROM outbox_jobs"
    " WHERE state = 'dead' AND cause NOT IN ('expired', 'discarded', 'missed')",
    "currencies that do not sum to zero": "SELECT count(*) FROM"
    " (SELECT currency FROM ledger_postings GROUP BY 1 HAVING sum(amount) <> 0) AS off",
    "returns billed twice": "SELECT count(*) FROM (SELECT rental_id FROM rental_events WHERE event = 'returned'"
    " GROUP BY 1 HAVING count(*) > 1) AS twice",
}


def count(query: Callable[[str], list[Any]]) -> dict[str, int]:
    return {what: int(query(statement)[0][0]) for what, statement in LEFT.items()}
