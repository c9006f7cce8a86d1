"""The board of the crew: what is to be done by its state, where it is, and who is on shift."""

from flask import render_template

from powerbank.admin.console.crew import tones
from powerbank.admin.console.sections import CREW
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import utcnow
from powerbank.crew.members import locations
from powerbank.crew.members import queries as members
from powerbank.crew.shifts import queries as shifts
from powerbank.crew.tasks import queries
from powerbank.crew.tasks.states import TaskStatus

blueprint = console_blueprint("console_crew", __name__, url_prefix="/console/crew")

COLUMNS = (TaskStatus.OPEN, TaskStatus.CLAIMED, TaskStatus.BEGUN, TaskStatus.TO_VERIFY)
MOST = 60  # tasks of a column: those that are most urgent
MOST_MEMBERS = 200


@blueprint.get("")
def board() -> str:
    staff, now = page_staff("crew.read"), utcnow()
    columns = [(status.value, queries.list_urgent(statuses=[status], now=now, most=MOST)) for status in COLUMNS]
    on_shift = shifts.list_all_shifts(only_open=True, now=now, limit=MOST_MEMBERS, cursor=None)["items"]
    everybody = members.list_members(active=True, limit=MOST_MEMBERS, cursor=None)["items"]
    return render_template(
        "console/crew/board.html",
        staff=staff,
        section=CREW,
        tones=tones.TASK,
        columns=columns,
        members=everybody,
        on_shift={shift["member_id"]: shift for shift in on_shift},
        places=locations.list_places(now=now) if staff.may("crew.locate") else [],
        now=now,
    )
