"""The statuses of a rental and the moves between them. The trigger `rental_moves` holds the same table."""

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    PENDING = "pending"
    EJECTING = "ejecting"
    ACTIVE = "active"
    OVERDUE = "overdue"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNRESOLVED = "unresolved"
    LOST = "lost"


_S = Status

MOVES = MappingProxyType(
    {
        _S.PENDING: frozenset({_S.EJECTING, _S.CANCELLED}),
        _S.EJECTING: frozenset({_S.ACTIVE, _S.FAILED, _S.UNRESOLVED}),
        _S.UNRESOLVED: frozenset({_S.ACTIVE, _S.FAILED, _S.COMPLETED}),
        # The power bank came out after all.
        _S.FAILED: frozenset({_S.ACTIVE}),
        _S.CANCELLED: frozenset({_S.ACTIVE}),
        _S.ACTIVE: frozenset({_S.OVERDUE, _S.COMPLETED, _S.CANCELLED, _S.LOST}),
        _S.OVERDUE: frozenset({_S.ACTIVE, _S.COMPLETED, _S.LOST}),
        _S.COMPLETED: frozenset({_S.CANCELLED}),
        _S.LOST: frozenset({_S.COMPLETED}),
    }
)

BEGINNING = frozenset({_S.PENDING, _S.EJECTING, _S.UNRESOLVED})  # as far as is known, nobody has the power bank yet
OUT = frozenset({_S.ACTIVE, _S.OVERDUE})
OPEN = BEGINNING | OUT
ENDED = frozenset({_S.COMPLETED, _S.CANCELLED, _S.FAILED, _S.LOST})
