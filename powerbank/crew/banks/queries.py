"""Read which power banks members of the crew have in hand, and the slots that are opening for them."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import db
from powerbank.crew.banks.models import Opening, OpeningStatus
from powerbank.crew.members.queries import actor_of
from powerbank.stations.custody.models import Custody, Place, PowerBank

UNDER_WAY = (OpeningStatus.WAITING, OpeningStatus.EJECTING)
IN_HAND = (func.upper_inf(Custody.period), Custody.place == Place.CREW)


def list_banks_in_hand(member_id: UUID) -> list[str]:
    """List the serials of the power banks that a member has."""
    query = (
        select(PowerBank.serial)
        .join(Custody, Custody.bank_id == PowerBank.id)
        .where(Custody.holder == actor_of(member_id), *IN_HAND)
        .order_by(PowerBank.serial)
    )
    return list(db.session.scalars(query))


def describe_banks_in_hand(member_id: UUID) -> list[dict[str, Any]]:
    """Describe the power banks that a member has: since when, and why one is not to be rented out."""
    query = (
        select(PowerBank, Custody)
        .join(Custody, Custody.bank_id == PowerBank.id)
        .where(Custody.holder == actor_of(member_id), *IN_HAND)
        .order_by(PowerBank.serial)
    )
    return [
        {
            "serial": row.PowerBank.serial,
            "health": row.PowerBank.health,
            "quarantine_reason": row.PowerBank.quarantine_reason,
            "since": row.Custody.since,
            "cause": row.Custody.cause,
        }
        for row in db.session.execute(query)
    ]


def count_openings(member_id: UUID) -> int:
    """Count the slots that are opening for a member, or wait to."""
    query = select(func.count()).where(Opening.member_id == member_id, Opening.status.in_(UNDER_WAY))
    return db.session.scalar(query) or 0


def list_openings(member_id: UUID, *, most: int = 50) -> list[Opening]:
    """List the newest slots that were opened for a member, newest first."""
    query = select(Opening).where(Opening.member_id == member_id).order_by(Opening.id.desc()).limit(most)
    return list(db.session.scalars(query))
