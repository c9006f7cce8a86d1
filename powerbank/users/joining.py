"""What belongs to a new account. `powerbank.wiring` gives it the parts of later domains: points, a greeting.

All of it happens in the transaction of one job, once, soon after the registration.
"""

from collections.abc import Callable
from uuid import UUID

Part = Callable[[UUID], None]

_parts: list[Part] = []


def register_parts(*parts: Part) -> None:
    _parts[:] = parts


def complete(user_id: UUID) -> None:
    for part in _parts:
        part(user_id)
