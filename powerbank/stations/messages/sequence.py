"""Which of two reports of a station is newer, and when each was. Clocks of devices are not believed."""

from datetime import datetime
from typing import Protocol

from powerbank.stations.protocols.events import Order

# A station that lost its count without noticing says so by going on: so many reports in a row that grow among
# themselves are the truth, and not late ones.
RESTARTS = 5


class Counting(Protocol):
    boot_id: int | None
    seq: int | None
    reported_at: datetime | None
    restart_boot_id: int | None
    restart_seq: int | None
    restarts_seen: int


def is_newer(state: Counting, order: Order) -> bool:
    """Reports without a position are taken in the order in which they come."""
    position = order.position
    if position is None or state.boot_id is None or state.seq is None:
        return True
    return position > (state.boot_id, state.seq)


def advance(state: Counting, order: Order) -> None:
    if order.position is not None:
        state.boot_id, state.seq = order.position
        state.restarts_seen = 0
    state.reported_at = placed(state.reported_at, order)


def placed(last: datetime | None, order: Order) -> datetime:
    """When a report was made, as far as can be known: one that was kept while offline is older than its receipt."""
    said = order.device_time
    if last is not None and said is not None and last <= said <= order.received_at:
        return said
    return order.received_at


def has_restarted(state: Counting, order: Order) -> bool:
    """Counts snapshots that are older by their numbers but go on growing."""
    position = order.position
    if position is None:
        return False
    before = (state.restart_boot_id, state.restart_seq)
    grows = state.restarts_seen > 0 and None not in before and position > before
    state.restarts_seen = state.restarts_seen + 1 if grows else 1
    state.restart_boot_id, state.restart_seq = position
    return state.restarts_seen >= RESTARTS
