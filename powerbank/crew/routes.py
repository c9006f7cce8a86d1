"""What a member of the crew does: shift and breaks, tasks, slots and power banks, and the own money."""

from typing import Any
from uuid import UUID

from powerbank.api import uploads
from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent, idempotent_after, idempotent_if_asked
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.crew.banks import handing_over, openings
from powerbank.crew.banks import queries as banks
from powerbank.crew.banks.schemas import DropSchema, MovedSchema, OpeningsSchema, OpenSlotsSchema, TakeSchema
from powerbank.crew.earnings import queries as earnings
from powerbank.crew.earnings.schemas import CrewEarningsArguments, CrewEarningsSchema
from powerbank.crew.members import locations
from powerbank.crew.members.queries import find_own_member
from powerbank.crew.members.schemas import BegunSchema, CrewLocationSchema
from powerbank.crew.overview import describe_member
from powerbank.crew.shifts import services as shifts
from powerbank.crew.shifts.models import Break, Shift
from powerbank.crew.tasks import claims, proofs, queries
from powerbank.crew.tasks.proofs import Evidence
from powerbank.crew.tasks.schemas import (
    CompletionSchema,
    EmptySchema,
    MeSchema,
    NearTasksArguments,
    NearTasksSchema,
    TaskSchema,
)
from powerbank.payouts import queries as payouts
from powerbank.payouts.schemas import OwnPayoutPageSchema
from powerbank.payouts.states import PayeeKind
from powerbank.stations.issues import photos

blueprint = Blueprint("Crew", __name__, url_prefix="/api/crew", description="What the field crew does.")


@blueprint.get("/me")
@user_only
@blueprint.response(200, MeSchema)
def me() -> dict[str, Any]:
    """The shift and the break that are on, what is in hand, and what today has brought"""
    return describe_member(find_own_member(current_user_id()), now=utcnow())


@blueprint.post("/shift/start")
@user_only
@blueprint.response(200, BegunSchema)
def start_shift() -> Shift:
    """Begin a shift. A second start is the first one again"""
    with transaction():
        return shifts.start_shift(find_own_member(current_user_id()).id, now=utcnow())


@blueprint.post("/shift/end")
@user_only
@idempotent_if_asked
@blueprint.response(200, BegunSchema)
def end_shift() -> Shift:
    """End a shift. It is refused while tasks or power banks are in hand, and says which"""
    return shifts.end_shift(find_own_member(current_user_id()).id, now=utcnow())


@blueprint.post("/break/start")
@user_only
@blueprint.response(200, BegunSchema)
def start_break() -> Break:
    """Begin a break. A second start is the first one again"""
    with transaction():
        return shifts.start_break(find_own_member(current_user_id()).id, now=utcnow())


@blueprint.post("/break/end")
@user_only
@idempotent_if_asked
@blueprint.response(200, BegunSchema)
def end_break() -> Break:
    """End a break"""
    return shifts.end_break(find_own_member(current_user_id()).id, now=utcnow())


@blueprint.post("/location")
@user_only
@blueprint.arguments(CrewLocationSchema)
@blueprint.response(204)
def share_place(body: dict[str, Any]) -> None:
    """Say where one is, during a shift only. It is deleted after 30 days"""
    with transaction():
        locations.note_place(find_own_member(current_user_id()).id, **body, now=utcnow())


@blueprint.get("/tasks")
@user_only
@blueprint.arguments(NearTasksArguments, location="query")
@blueprint.response(200, NearTasksSchema)
def tasks(arguments: dict[str, Any]) -> dict[str, Any]:
    """The tasks that one may claim, the most urgent and nearest first, with their pay"""
    member = find_own_member(current_user_id())
    return {"items": queries.list_near(member, **arguments, now=utcnow()), "next_cursor": None}


@blueprint.get("/tasks/<uuid:task_id>")
@user_only
@blueprint.response(200, TaskSchema)
def task(task_id: UUID) -> dict[str, Any]:
    """A task"""
    return queries.show_own_task(find_own_member(current_user_id(), of="task"), task_id, now=utcnow())


@blueprint.post("/tasks/<uuid:task_id>/claim")
@user_only
@idempotent_if_asked
@blueprint.arguments(EmptySchema, required=False)
@blueprint.response(200, TaskSchema)
def claim(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Claim a task for a while. Of several who try, one has it"""
    member = find_own_member(current_user_id(), of="task")
    return queries.show_task(claims.claim_task(member.id, task_id, now=utcnow()), now=utcnow())


@blueprint.post("/tasks/<uuid:task_id>/release")
@user_only
@idempotent_if_asked
@blueprint.arguments(EmptySchema, required=False)
@blueprint.response(200, TaskSchema)
def release(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Give a task back"""
    member = find_own_member(current_user_id(), of="task")
    return queries.show_task(claims.release_task(member.id, task_id, now=utcnow()), now=utcnow())


@blueprint.post("/tasks/<uuid:task_id>/start")
@user_only
@idempotent_if_asked
@blueprint.arguments(EmptySchema, required=False)
@blueprint.response(200, TaskSchema)
def start(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Begin a claimed task. Its claim does not run out any more"""
    member = find_own_member(current_user_id(), of="task")
    return queries.show_task(claims.begin_task(member.id, task_id, now=utcnow()), now=utcnow())


def _remake_photo(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    find_own_member(current_user_id(), of="task")
    return {"photo": photos.remake_photo(body["photo"])}


@blueprint.post("/tasks/<uuid:task_id>/complete")
@user_only
@uploads.takes_a_photo
@blueprint.arguments(CompletionSchema, location="json_or_form", required=False)
@blueprint.response(200, TaskSchema)
@idempotent_after(_remake_photo, required=False)
def complete(body: dict[str, Any], task_id: UUID, photo: bytes | None) -> dict[str, Any]:
    """Complete a task by hand, where no station can say that it is done. Staff verify it"""
    member = find_own_member(current_user_id(), of="task")
    evidence = Evidence(**(body | {"photo": photo}))
    return queries.show_task(proofs.complete_task(member.id, task_id, evidence, now=utcnow()), now=utcnow())


@blueprint.post("/stations/<sn>/open-slots")
@user_only
@idempotent
@blueprint.arguments(OpenSlotsSchema)
@blueprint.response(202, OpeningsSchema)
def open_slots(body: dict[str, Any], sn: str) -> dict[str, Any]:
    """Open slots one after another. Each bank that comes out is in one's hands"""
    return {"items": openings.open_slots(find_own_member(current_user_id(), of="station").id, sn, **body, now=utcnow())}


@blueprint.get("/openings")
@user_only
@blueprint.response(200, OpeningsSchema)
def list_openings() -> dict[str, Any]:
    """The slots that were opened last, and what became of each"""
    return {"items": banks.list_openings(find_own_member(current_user_id()).id)}


@blueprint.post("/banks/drop")
@user_only
@idempotent_if_asked
@blueprint.arguments(DropSchema)
@blueprint.response(200, MovedSchema)
def drop(body: dict[str, Any]) -> dict[str, Any]:
    """Hand power banks in at a warehouse, or give them to another member"""
    member = find_own_member(current_user_id())
    if body["place"] == "member":
        moved = handing_over.give_to_member(member.id, body["serials"], to_member_id=body["member_id"], now=utcnow())
    else:
        moved = handing_over.drop_in_warehouse(
            member.id, body["serials"], warehouse_id=body["warehouse_id"], now=utcnow()
        )
    return {"serials": moved, "banks_in_hand": banks.list_banks_in_hand(member.id)}


@blueprint.post("/banks/take")
@user_only
@idempotent_if_asked
@blueprint.arguments(TakeSchema)
@blueprint.response(200, MovedSchema)
def take(body: dict[str, Any]) -> dict[str, Any]:
    """Take power banks out of a warehouse"""
    member = find_own_member(current_user_id())
    moved = handing_over.take_from_warehouse(member.id, **body, now=utcnow())
    return {"serials": moved, "banks_in_hand": banks.list_banks_in_hand(member.id)}


@blueprint.get("/earnings")
@user_only
@blueprint.arguments(CrewEarningsArguments, location="query")
@blueprint.response(200, CrewEarningsSchema)
def own_earnings(arguments: dict[str, Any]) -> dict[str, Any]:
    """What one has earned, of the last month unless said"""
    member = find_own_member(current_user_id())
    return earnings.list_earnings(member.id, **arguments, today=local_day(utcnow()))


@blueprint.get("/payouts")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, OwnPayoutPageSchema)
def own_payouts(arguments: dict[str, Any]) -> dict[str, Any]:
    """What one was paid, newest first"""
    member = find_own_member(current_user_id())
    return payouts.payout_page(payee_kind=PayeeKind.CREW, payee_id=member.id, **arguments)
