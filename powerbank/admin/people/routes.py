"""Serve staff what they wrote about a person and how the person signs in."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.admin.people import erasure, personal_data, queries, services
from powerbank.admin.people.models import UserNote
from powerbank.admin.people.schemas import (
    EndedSchema,
    EndSignInsSchema,
    EraseSchema,
    NewNoteSchema,
    NoteSchema,
    SignInSchema,
)
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.db import transaction, utcnow
from powerbank.ledger.adjustments.schemas import StaffActSchema, answer_with_waiting_act

blueprint = Blueprint(
    "People (staff)",
    __name__,
    url_prefix="/api/admin/users/<uuid:user_id>",
    description="Notes, sign-ins, and all that is kept of a person.",
)


@blueprint.get("/notes")
@staff_only("users.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(NoteSchema))
def notes(arguments: dict[str, Any], user_id: UUID) -> dict[str, Any]:
    """What staff wrote about a person, newest first"""
    return queries.note_page(user_id, **arguments)


@blueprint.post("/notes")
@staff_only("users.write")
@blueprint.arguments(NewNoteSchema)
@blueprint.response(201, NoteSchema)
def write_note(body: dict[str, str], user_id: UUID) -> UserNote:
    """Write a note for other staff; it is not changed, and forgotten with the account"""
    with transaction():
        return services.write_note(user_id, text=body["text"], staff=current_staff())


@blueprint.get("/sessions")
@staff_only("users.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(SignInSchema))
def sign_ins(arguments: dict[str, Any], user_id: UUID) -> dict[str, Any]:
    """Where a person has signed in, newest first"""
    return queries.sign_in_page(user_id, **arguments)


@blueprint.post("/end-sessions")
@staff_only("users.write")
@blueprint.arguments(EndSignInsSchema)
@blueprint.response(200, EndedSchema)
def end_sign_ins(body: dict[str, str], user_id: UUID) -> dict[str, int]:
    """Sign a person out on every device"""
    with transaction():
        return {"ended": services.end_sign_ins(user_id, reason=body["reason"], staff=current_staff())}


@blueprint.get("/personal-data")
@staff_only("users.erase")
@blueprint.response(200, {"type": "string"}, content_type="application/x-ndjson")
def take_personal_data(user_id: UUID) -> Response:
    """All that is kept of a person, one row in each line as JSON; who took it is on record"""
    with transaction():
        services.record_export(user_id, staff=current_staff())
    return personal_data.answer_with_lines(user_id)


@blueprint.post("/erase")
@staff_only("users.erase")
@blueprint.arguments(EraseSchema)
@blueprint.response(202, StaffActSchema)
def erase(body: dict[str, str], user_id: UUID) -> Response:
    """Ask that everything about a person is deleted, which a second person decides among the approvals"""
    with transaction():
        act = erasure.ask_for_erasure(user_id, reason=body["reason"], staff=current_staff(), now=utcnow())
        return answer_with_waiting_act(act)
