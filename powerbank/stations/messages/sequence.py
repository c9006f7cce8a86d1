"""Which of two messages of a station is newer, and when each was sent. The clocks of devices are not trusted."""

from datetime import datetime
from typing import Protocol

from powerbank.stations.protocols.events import Order

# A station that has lost its count without noticing goes on with low numbers. So many messages in a row whose numbers
# grow among themselves are taken for such a restart, and no longer for messages that are late.
RESTART_MESSAGES = 5


class SequenceState(Protocol):
    """Where the newest applied message of a station stands, and what may be a restart of its count."""

    boot_id: int | None
    seq: int | None
    reported_at: datetime | None
    restart_boot_id: int | None
    restart_seq: int | None
    restarts_seen: int


def is_newer(state: SequenceState, order: Order) -> bool:
    """Tell whether a message is newer than the newest applied one. Without a position, it is newer when it comes."""
    position = order.position
    if position is None or state.boot_id is None or state.seq is None:
        return True
    return position > (state.boot_id, state.seq)


def advance_sequence(state: SequenceState, order: Order) -> None:
    """Note that a message was applied and is the newest one now."""
    if order.position is not None:
        state.boot_id, state.seq = order.position
        state.restarts_seen = 0
    state.reported_at = estimate_sent_time(state.reported_at, order)


def estimate_sent_time(last: datetime | None, order: Order) -> datetime:
    """Estimate when a message was sent: one that the station kept while it was offline is older than its receipt."""
    device_time = order.device_time
    if last is not None and device_time is not None and last <= device_time <= order.received_at:
        return device_time
    return order.received_at


def count_restart(state: SequenceState, order: Order) -> bool:
    """Count messages that are older by their numbers but keep growing. True once they are enough for a restart."""
    position = order.position
    if position is None:
        return False
    before = (state.restart_boot_id, state.restart_seq)
    grows = state.restarts_seen > 0 and None not in before and position > before
    state.restarts_seen = state.restarts_seen + 1 if grows else 1
    state.restart_boot_id, state.restart_seq = position
    return state.restarts_seen >= RESTART_MESSAGES
