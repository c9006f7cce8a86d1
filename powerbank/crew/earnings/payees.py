"""Tell the payout run who the members of the crew are."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db
from powerbank.crew.members import queries as members
from powerbank.crew.members.models import Member
from powerbank.payouts.payees import Payee
from powerbank.users.models import Identifier


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
