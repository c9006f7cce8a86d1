"""Power banks leave the hands of the crew into a warehouse or to another member, and come from a warehouse.

Into a slot they go by themselves: the station says so.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from powerbank.base.errors import InvalidFieldsError
from powerbank.crew import errors
from powerbank.crew.members.models import Member
from powerbank.crew.members.queries import actor_of
from powerbank.crew.members.services import lock_active_member
from powerbank.crew.shifts.services import note_activity
from powerbank.crew.tasks.history import announce_member
from powerbank.stations.custody import queries as custody
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, PowerBank, Whereabouts
from powerbank.stations.warehouses import queries as warehouses


def drop_in_warehouse(
    member_id: UUID, serials: Sequence[str], *, warehouse_id: UUID | None, now: datetime
) -> list[str]:
    """Hand power banks in at a warehouse: the one that is named, else the member's own, else the main one."""
    member = lock_active_member(member_id)
    warehouse = warehouses.find_for_drop(warehouse_id or member.warehouse_id)
    holder = warehouses.holder_of(warehouse)
    for bank in _lock_in_hand(member, serials):
        # What is held back lies apart.
        place = Place.WAREHOUSE if bank.quarantine_reason is None else Place.QUARANTINED
        banks.move_locked_bank(bank.id, Whereabouts(place, holder=holder), at=now, cause="handed in")
    note_activity(member.id, now=now)
    announce_member(member.id)
    return sorted(set(serials))


def give_to_member(member_id: UUID, serials: Sequence[str], *, to_member_id: UUID, now: datetime) -> list[str]:
    """Give power banks to another member."""
    if to_member_id == member_id:
        raise InvalidFieldsError({"member_id": ["That is yourself."]})
    # In one order, so that two who give to each other do not wait in a circle.
    locked = {each: lock_active_member(each) for each in sorted((member_id, to_member_id))}
    for bank in _lock_in_hand(locked[member_id], serials):
        there = Whereabouts(Place.CREW, holder=actor_of(to_member_id))
        banks.move_locked_bank(bank.id, there, at=now, cause="handed over")
    note_activity(member_id, now=now)
    announce_member(member_id)
    announce_member(to_member_id)
    return sorted(set(serials))


def take_from_warehouse(
    member_id: UUID, serials: Sequence[str], *, warehouse_id: UUID | None, now: datetime
) -> list[str]:
    """Take power banks out of a warehouse."""
    member = lock_active_member(member_id)
    warehouse = warehouses.find_for_drop(warehouse_id or member.warehouse_id)
    locked = [custody.lock_bank(serial) for serial in sorted(set(serials))]
    absent = [bank.serial for bank in locked if not warehouses.lies_in(custody.find_whereabouts(bank.id), warehouse)]
    if absent:
        raise errors.not_in_warehouse(absent)
    for bank in locked:
        there = Whereabouts(Place.CREW, holder=actor_of(member.id))
        banks.move_locked_bank(bank.id, there, at=now, cause="taken from the warehouse")
    note_activity(member.id, now=now)
    announce_member(member.id)
    return sorted(set(serials))


def _lock_in_hand(member: Member, serials: Sequence[str]) -> list[PowerBank]:
    """Lock these power banks in the order of their serials, and refuse those that the member does not have."""
    locked = [custody.lock_bank(serial) for serial in sorted(set(serials))]
    mine = Whereabouts(Place.CREW, holder=actor_of(member.id))
    if others := [bank.serial for bank in locked if custody.find_whereabouts(bank.id) != mine]:
        raise errors.not_in_hand(others)
    return locked
