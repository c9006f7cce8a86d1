"""Staff: the people who use the network."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.admin import queries, services
from powerbank.admin.schemas import StatusChangeSchema, UserArguments, UserDetailSchema, UserRowSchema
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.db import transaction

blueprint = Blueprint("Users (staff)", __name__, url_prefix="/api/admin/users", description="People and their status.")


@blueprint.route("")
class Users(MethodView):
    @staff_only("users.read")
    @blueprint.arguments(UserArguments, location="query")
    @blueprint.response(200, page_of(UserRowSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Find people, newest first; deleted accounts are not among them"""
        return queries.users(**arguments, contact=_sees_contact())


@blueprint.route("/<uuid:user_id>")
class UserItem(MethodView):
    @staff_only("users.read")
    @blueprint.response(200, UserDetailSchema)
    def get(self, user_id: UUID) -> queries.PersonView:
        """One person"""
        return queries.user(user_id, contact=_sees_contact())


@blueprint.post("/<uuid:user_id>/status")
@staff_only("users.write")
@blueprint.arguments(StatusChangeSchema)
@blueprint.response(200, UserDetailSchema)
def change_status(body: dict[str, str], user_id: UUID) -> queries.PersonView:
    """Suspend, ban or reinstate; holds at once, the person is told"""
    with transaction():
        before = services.change_user_status(user_id, body["status"], reason=body["reason"])
        if before is not None:
            audit.by_staff("user.status", "user", user_id, old={"status": before}, new=body)
    return queries.user(user_id, contact=_sees_contact())


def _sees_contact() -> bool:
    return current_staff().may("users.contact")
