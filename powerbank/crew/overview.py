"""Describe all that a member of the crew has at the moment."""

from datetime import datetime
from typing import Any

from powerbank.base.money import NPR
from powerbank.crew.banks import queries as banks
from powerbank.crew.earnings import queries as earnings
from powerbank.crew.members import queries as members
from powerbank.crew.members.models import Member
from powerbank.crew.shifts import queries as shifts
from powerbank.crew.tasks import queries as tasks


def describe_member(member: Member, *, now: datetime) -> dict[str, Any]:
    """Describe the shift, the break, the tasks and the power banks of a member, and what today has brought."""
    work = shifts.describe_work(member, now=now)
    held = tasks.list_held_tasks(member.id)
    return {
        "member_id": member.id,
        "name": members.find_names([member.id]).get(member.id, ""),
        "zones": member.zones,
        **work,
        "open_tasks": tasks.show_tasks(held, now=now, plan=earnings.plan_of(member)),
        "banks_in_hand": banks.list_banks_in_hand(member.id),
        "slots_opening": banks.count_openings(member.id),
        "earnings_today": earnings.amount_earned_since(member.id, work["last_break_reset"]),
        "currency": NPR,
    }
