"""People: where they are signed in, and the end of a sign-in on a device that is not at hand."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_session_id, current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.auth.people import sign_ins
from powerbank.auth.people.schemas import OwnSignInSchema
from powerbank.base.db import transaction

blueprint = Blueprint(
    "Sign-ins", __name__, url_prefix="/api/users/me/sign-ins", description="Where a person is signed in."
)


@blueprint.get("")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(OwnSignInSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Where you are signed in, and where you were lately, newest first"""
    return sign_ins.sign_in_page(current_user_id(), asked_by=current_session_id(), **arguments)


@blueprint.delete("/<uuid:sign_in_id>")
@user_only
@blueprint.response(204)
def end(sign_in_id: UUID) -> None:
    """Sign out there; its pushes end with it"""
    with transaction():
        sign_ins.end_sign_in(current_user_id(), sign_in_id)
