"""Tell the payout run who the members of the crew are, and their statements what they earned."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db
from powerbank.crew.earnings.models import Earning
from powerbank.crew.members import queries as members
from powerbank.crew.members.models import Member
from powerbank.crew.tasks.models import Task
from powerbank.payouts.payees import Payee
from powerbank.stations.models import Station
from powerbank.users.models import Identifier


def describe_earnings(entry_ids: Collection[UUID]) -> dict[UUID, dict[str, str | None]]:
    """Describe what members earned by these entries: a task by its kind and station, a shift by its hours."""
    query = (
        select(Earning, Task.kind, Station.sn)
        .outerjoin(Task, Task.id == Earning.task_id)
        .outerjoin(Station, Station.id == Task.station_id)
        .where(Earning.entry_id.in_(entry_ids))
    )
    return {
        row.Earning.entry_id: {
            "kind": row.Earning.kind,
            "rental_code": row.kind or _format_hours(row.Earning.detail.get("seconds", 0)),
            "station_sn": row.sn,
        }
        for row in db.session.execute(query)
    }


def _format_hours(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d} h"


def find_crew(ids: Collection[UUID]) -> dict[UUID, Payee]:
    """Find payees of the crew. Who has left is still paid what they earned."""
    names = members.find_names(ids)
    rows = db.session.execute(
        select(Member.id, Member.user_id, Identifier.value)
        .outerjoin(Identifier, Identifier.user_id == Member.user_id)
        .where(Member.id.in_(ids))
    ).all()
    addresses: dict[UUID, set[str]] = {}
    people: dict[UUID, UUID] = {}
    for row in rows:
        people[row.id] = row.user_id
        addresses.setdefault(row.id, set()).update(filter(None, [row.value]))
    return {
        id_: Payee(id_, names.get(id_, ""), True, frozenset(addresses[id_]), (user_id,))
        for id_, user_id in people.items()
    }
