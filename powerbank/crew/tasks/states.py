"""What a task may be about, where it came from, and how it goes from one status to the next."""

from enum import StrEnum
from types import MappingProxyType

from powerbank.stations.issues.models import IssueType


class TaskKind(StrEnum):
    EMPTY = "empty"  # no rentable bank, or too few for what the next hours want
    FULL = "full"  # no free slot
    LOW_CHARGE = "low_charge"
    OFFLINE = "offline"
    SLOT_FAULT = "slot_fault"
    BANK_FAULT = "bank_fault"  # quarantined or faulty
    MISSING_BANK = "missing_bank"
    CLEAN = "clean"
    INSTALL = "install"
    AUDIT = "audit"


# Done when banks have moved, as the station shows.
ABOUT_BANKS = frozenset({TaskKind.EMPTY, TaskKind.FULL, TaskKind.LOW_CHARGE, TaskKind.BANK_FAULT})
# Done when the station says that it is as it should be.
ABOUT_STATION = frozenset({TaskKind.OFFLINE, TaskKind.SLOT_FAULT, TaskKind.MISSING_BANK})
# No station can say whether these are done: scans and photos do, and staff.
BY_HAND = frozenset({TaskKind.CLEAN, TaskKind.INSTALL, TaskKind.AUDIT})


# What people report of a station, and which task that is. Whether it is offline, the station itself shows.
KIND_OF_ISSUE = MappingProxyType(
    {
        IssueType.DIRTY: TaskKind.CLEAN,
        IssueType.SLOT_STUCK: TaskKind.SLOT_FAULT,
        IssueType.DAMAGED: TaskKind.AUDIT,
        IssueType.LOCATION_WRONG: TaskKind.AUDIT,
        IssueType.OTHER: TaskKind.AUDIT,
    }
)


class TaskSource(StrEnum):
    RULE = "rule"
    STAFF = "staff"


class TaskStatus(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    BEGUN = "begun"
    TO_VERIFY = "to_verify"
    DONE = "done"
    NOT_NEEDED = "not_needed"  # its cause is gone, and nobody of the crew made it go
    REJECTED = "rejected"
    CANCELLED = "cancelled"


# The trigger `crew_task_moves` of the database refuses every other move.
MOVES = MappingProxyType(
    {
        TaskStatus.OPEN: {TaskStatus.CLAIMED, TaskStatus.NOT_NEEDED, TaskStatus.CANCELLED},
        TaskStatus.CLAIMED: {
            TaskStatus.OPEN,
            TaskStatus.BEGUN,
            TaskStatus.TO_VERIFY,
            TaskStatus.DONE,
            TaskStatus.NOT_NEEDED,
            TaskStatus.CANCELLED,
        },
        TaskStatus.BEGUN: {
            TaskStatus.OPEN,
            TaskStatus.CLAIMED,
            TaskStatus.TO_VERIFY,
            TaskStatus.DONE,
            TaskStatus.NOT_NEEDED,
            TaskStatus.CANCELLED,
        },
        TaskStatus.TO_VERIFY: {TaskStatus.DONE, TaskStatus.REJECTED},
        TaskStatus.DONE: {TaskStatus.REJECTED},
        TaskStatus.NOT_NEEDED: set[TaskStatus](),
        TaskStatus.REJECTED: set[TaskStatus](),
        TaskStatus.CANCELLED: set[TaskStatus](),
    }
)
HELD = (TaskStatus.CLAIMED, TaskStatus.BEGUN)  # by a member who is to do it
UNDONE = (TaskStatus.OPEN, *HELD)
UNFINISHED = (*UNDONE, TaskStatus.TO_VERIFY)  # a station has one of each kind
CLOSED = (TaskStatus.DONE, TaskStatus.NOT_NEEDED, TaskStatus.REJECTED, TaskStatus.CANCELLED)
