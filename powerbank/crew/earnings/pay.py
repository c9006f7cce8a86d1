"""What work is paid, by the plan of the member who does it. Pure arithmetic in paisa."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powerbank.crew.earnings.models import PayPlan
from powerbank.crew.tasks.states import TaskKind

USUAL, MOST_SURGE = 100, 250  # hundredths
SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class Pay:
    """What a task is paid, and how that comes about."""

    base: int
    banks: int
    per_bank: int
    surge: int  # hundredths

    @property
    def amount(self) -> int:
        return (self.base + self.banks * self.per_bank) * self.surge // USUAL

    def as_detail(self) -> dict[str, Any]:
        return {"base": self.base, "banks": self.banks, "per_bank": self.per_bank, "surge": self.surge}


@dataclass(frozen=True)
class Plan:
    name: str
    per_task: Mapping[str, int]
    per_bank: int
    per_hour: int
    surge_most: int
    surge_from: int
    surge_full: int

    def price_task(self, kind: str, *, banks: int, priority: int) -> Pay:
        """Price a task of so many banks at a priority: so much an hour is lost while it waits."""
        return Pay(self.per_task.get(kind, 0), banks, self.per_bank, self.find_surge(priority))

    def find_surge(self, priority: int) -> int:
        """Find the surge factor in hundredths. It grows in a straight line between two priorities."""
        share = min(max(priority - self.surge_from, 0), self.surge_full - self.surge_from)
        return USUAL + (self.surge_most - USUAL) * share // (self.surge_full - self.surge_from)

    def price_time(self, seconds: int) -> int:
        return self.per_hour * max(seconds, 0) // SECONDS_AN_HOUR


# Of a network whose staff have made no plan yet.
STANDARD = Plan(
    name="Standard",
    per_task={
        TaskKind.EMPTY: 50_00,
        TaskKind.FULL: 50_00,
        TaskKind.LOW_CHARGE: 40_00,
        TaskKind.OFFLINE: 80_00,
        TaskKind.SLOT_FAULT: 60_00,
        TaskKind.BANK_FAULT: 40_00,
        TaskKind.MISSING_BANK: 60_00,
        TaskKind.CLEAN: 40_00,
        TaskKind.INSTALL: 300_00,
        TaskKind.AUDIT: 60_00,
    },
    per_bank=5_00,
    per_hour=100_00,
    surge_most=USUAL,
    surge_from=0,
    surge_full=500_00,
)


def read_plan(row: PayPlan | None) -> Plan:
    if row is None:
        return STANDARD
    return Plan(
        name=row.name,
        per_task=row.per_task,
        per_bank=row.per_bank,
        per_hour=row.per_hour,
        surge_most=row.surge_most,
        surge_from=row.surge_from,
        surge_full=row.surge_full,
    )
