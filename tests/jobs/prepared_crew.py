"""Prepare the members, tasks and open slots that the jobs of the crew need to have something to do."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import first_id_of, transaction, utcnow
from powerbank.crew.banks import openings
from powerbank.crew.members import services as members
from powerbank.crew.members.models import MemberPlace
from powerbank.crew.members.queries import actor_of
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks import claims, planning, services
from powerbank.crew.tasks.models import PhotoPrint, TaskEvent
from powerbank.crew.tasks.prints import bands_of
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts
from powerbank.stations.registry import services as stations
from tests.jobs.prepared_people import Arguments
from tests.ledger.conftest import make_person
from tests.rentals.rentals_in_states import show
from tests.stations import prepared
from tests.stations.conftest import FACTS, find_bank_id, seat_bank


def _station(sn: str, *, charged: int) -> UUID:
    """Make a station that is online, with so many charged power banks."""
    with transaction():
        made, _ = stations.register_station(**FACTS, sn=sn, imei=f"imei-{sn}", slots=4, now=utcnow())
        prepared.mark_seen(made.id, at=utcnow())
        for number in range(1, charged + 1):
            seat_bank(made.id, number, f"{sn}-{number}", 90)
        return made.id


def _member() -> UUID:
    person = make_person()
    with transaction():
        made = members.make_member(user_id=person, phone=None, email=None, values={}, by="staff:test", now=utcnow())
        return made.id


def _task(kind: str, *, take: int = 0) -> UUID:
    wants = {"take": take} if take else {}
    with transaction():
        return services.make_task("A", kind=kind, wants=wants, note=None, by="staff:test", now=utcnow()).id


def _forget_jobs() -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM outbox_jobs"))


def _open_two_slots(member_id: UUID, *, at: datetime) -> UUID:
    """Have two slots opened, and return the command that opens the first. The second waits for it."""
    with transaction():
        first, second = openings.open_slots(member_id, "A", serials=["A-1", "A-2"], slot_numbers=[], now=at)
        assert first.command_id is not None
        assert second.command_id is None
        return first.command_id


def _put_out(member_id: UUID, command_id: UUID) -> None:
    """Write what is written when a station has put a power bank into the hands of a member."""
    with transaction() as session:
        command = session.get_one(StationCommand, command_id)
        show(command.station_id, command.slot_number or 0, None)
        to = Whereabouts(Place.CREW, holder=actor_of(member_id))
        banks.move_bank(find_bank_id(command.serial or ""), to, at=utcnow(), cause=f"command:{command.id}")
        commands.settle_command(command, CommandStatus.SUCCEEDED, {"proof": "answer"}, now=utcnow())


def slot_waits() -> Arguments:
    """Let the command that a slot has waited for be over."""
    station_id, member_id = _station("A", charged=3), _member()
    _put_out(member_id, _open_two_slots(member_id, at=utcnow()))
    _forget_jobs()
    return {"station_id": str(station_id)}


def slot_open() -> Arguments:
    """Let a station open the first of two slots, of which the opening does not know yet."""
    _station("A", charged=3)
    member_id = _member()
    command_id = _open_two_slots(member_id, at=utcnow())
    _put_out(member_id, command_id)
    _forget_jobs()
    return {"command_id": str(command_id), "status": "succeeded"}


def network_to_plan() -> Arguments:
    """Make a station that is empty, and one that is empty no more and still has the task."""
    station_id = _station("B", charged=0)
    with transaction():
        assert planning.plan_tasks(now=utcnow())["made"] == 1
    with transaction():
        for number in (1, 2):
            seat_bank(station_id, number, f"B-{number}", 90)
    _station("A", charged=0)
    _forget_jobs()
    return {}


def station_to_plan() -> Arguments:
    _station("A", charged=0)
    _forget_jobs()
    return {"station_sn": "A"}


def task_done_unseen() -> Arguments:
    """Let a member take out the bank that a task is about: the task is done, and nobody has said so."""
    station_id, member_id = _station("A", charged=3), _member()
    task_id = _task("full", take=1)
    with transaction():
        claims.claim_task(member_id, task_id, now=utcnow() - timedelta(minutes=2))
    _put_out(member_id, _open_two_slots(member_id, at=utcnow()))
    _forget_jobs()
    return {"station_id": str(station_id)}


def crew_gone_home() -> Arguments:
    """Make a claim that has run out, an opening that waits for too long, and a shift that nobody ended."""
    _station("A", charged=3)
    member_id, long_ago = _member(), utcnow() - timedelta(hours=20)
    claimed, begun = _task("clean"), _task("audit")
    with transaction():
        shifts.start_shift(member_id, now=long_ago)
        claims.claim_task(member_id, begun, now=long_ago)
        claims.begin_task(member_id, begun, now=long_ago)
        claims.claim_task(member_id, claimed, now=long_ago)
    _open_two_slots(member_id, at=utcnow() - timedelta(minutes=10))
    _forget_jobs()
    return {}


def break_over_midnight() -> Arguments:
    member_id, yesterday = _member(), utcnow() - timedelta(hours=25)
    with transaction():
        shifts.start_shift(member_id, now=yesterday)
        shifts.start_break(member_id, now=yesterday)
    return {}


def work_of_long_ago() -> Arguments:
    """Make a place, an event of a task and the print of a photo that are kept no longer."""
    _station("A", charged=3)
    member_id, task_id, long_ago = _member(), _task("clean"), utcnow() - timedelta(days=401)
    old = {"id": first_id_of(long_ago), "member_id": member_id, "at": long_ago}
    with transaction() as session:
        shift = shifts.start_shift(member_id, now=utcnow())
        session.add(MemberPlace(**old, shift_id=shift.id, lat=27.7, lng=85.3))
        session.add(TaskEvent(**old, task_id=task_id, event="claimed", by=actor_of(member_id), detail={}))
        session.add(PhotoPrint(**old, task_id=task_id, print=1, bands=bands_of(1)))
    _forget_jobs()
    return {}
