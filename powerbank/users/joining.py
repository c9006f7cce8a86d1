"""What belongs to a new account. Later domains add their part at start-up: a wallet, points, a greeting.

All of it happens in the transaction of one job, once, soon after the registration.
"""

from collections.abc import Callable
from uuid import UUID

Part = Callable[[UUID], None]

_parts: list[Part] = []


def register_part(part: Part) -> None:
    if part not in _parts:  # every application of a process says so
        _parts.append(part)


def complete(user_id: UUID) -> None:
    for part in _parts:
        part(user_id)
