"""The hours in which support answers, as staff write them."""

from typing import Any

from powerbank.base import audit
from powerbank.support.staff.schemas import TimetableSchema
from powerbank.support.staffing import hours
from powerbank.support.staffing.hours import Holiday, Opening, Timetable


def replace_hours_by_staff(openings: list[dict[str, Any]], holidays: list[dict[str, Any]]) -> Timetable:
    """Write the hours and holidays anew, with a row in the audit log."""
    old = dict(TimetableSchema().dump(hours.read_timetable()))
    timetable = hours.replace_timetable([Opening(**each) for each in openings], [Holiday(**each) for each in holidays])
    new = dict(TimetableSchema().dump(timetable))
    audit.record_by_staff("support_hours.update", "support_hours", "all", old=old, new=new)
    return timetable
