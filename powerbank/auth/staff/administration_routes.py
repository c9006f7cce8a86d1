"""Serve superadmins the members of staff."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.auth.staff import administration, queries
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.schemas import (
    NewStaffSchema,
    StaffArguments,
    StaffChangeSchema,
    StaffSchema,
    StaffWithPasswordSchema,
)
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction

blueprint = Blueprint("Staff", __name__, url_prefix="/api/admin/staff", description="Accounts of staff.")


@blueprint.route("")
class StaffCollection(MethodView):
    @staff_only("staff.read")
    @blueprint.arguments(StaffArguments, location="query")
    @blueprint.response(200, page_of(StaffSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Members of staff, newest first"""
        return queries.list_members(**arguments)

    @staff_only("staff.write")
    @blueprint.arguments(NewStaffSchema)
    @blueprint.response(201, StaffWithPasswordSchema)
    def post(self, body: dict[str, str]) -> dict[str, Any]:
        """Add a member; the initial password is shown this once"""
        with transaction():
            member, password = administration.create_member(**body, actor=staff_actor(current_staff().id))
        return _with_password(member, password)


@blueprint.route("/<uuid:staff_id>")
class StaffItem(MethodView):
    @staff_only("staff.read")
    @blueprint.response(200, StaffSchema)
    def get(self, staff_id: UUID) -> StaffMember:
        """A member of staff"""
        return queries.get_member(staff_id)

    @staff_only("staff.write")
    @blueprint.arguments(StaffChangeSchema)
    @blueprint.response(200, StaffSchema)
    def patch(self, body: dict[str, Any], staff_id: UUID) -> StaffMember:
        """Change the role, or let a member in no more, which ends the member's sessions; or the language"""
        with transaction():
            member, _ = administration.change_member(staff_id, body, actor=staff_actor(current_staff().id))
        return member


@blueprint.post("/<uuid:staff_id>/reset")
@staff_only("staff.write")
@blueprint.response(200, StaffWithPasswordSchema)
def reset(staff_id: UUID) -> dict[str, Any]:
    """New password, no second factor, signed out everywhere; for who forgot or lost them"""
    with transaction():
        member, password, _ = administration.reset_member(staff_id, actor=staff_actor(current_staff().id))
    return _with_password(member, password)


def _with_password(member: StaffMember, password: str) -> dict[str, Any]:
    names = ("id", "email", "role", "active", "language", "has_totp", "locked_until", "created_at")
    return {"password": password} | {name: getattr(member, name) for name in names}
