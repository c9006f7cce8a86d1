"""Serve staff people's accounts, the acts that wait for a second person, and the audit log."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.admin import queries, services
from powerbank.admin.people import services as people
from powerbank.admin.queries import UserView
from powerbank.admin.schemas import (
    AuditArguments,
    AuditEntrySchema,
    StatusChangeSchema,
    UserArguments,
    UserDetailSchema,
    UserRowSchema,
)
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import transaction, utcnow
from powerbank.ledger.adjustments.allowances import SECOND_PERSON
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.ledger.adjustments.schemas import StaffActArguments, StaffActSchema

user_blueprint = Blueprint(
    "Users (staff)", __name__, url_prefix="/api/admin/users", description="People and their status."
)
audit_blueprint = Blueprint("Audit log", __name__, url_prefix="/api/admin", description="What staff did.")
approval_blueprint = Blueprint(
    "Approvals (staff)", __name__, url_prefix="/api/admin/approvals", description="What one person may not do alone."
)


@user_blueprint.route("")
class Users(MethodView):
    @staff_only("users.read")
    @user_blueprint.arguments(UserArguments, location="query")
    @user_blueprint.response(200, page_of(UserRowSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Find people, newest first; deleted accounts are not among them"""
        return queries.list_users(**arguments, contact=_sees_contact())


@user_blueprint.route("/<uuid:user_id>")
class UserItem(MethodView):
    @staff_only("users.read")
    @user_blueprint.response(200, UserDetailSchema)
    def get(self, user_id: UUID) -> UserView:
        """One person; who sees the phone number and the e-mail address in full is on record"""
        return _look_at(user_id)


@user_blueprint.post("/<uuid:user_id>/status")
@staff_only("users.write")
@user_blueprint.arguments(StatusChangeSchema)
@user_blueprint.response(200, UserDetailSchema)
def change_status(body: dict[str, str], user_id: UUID) -> UserView:
    """Suspend, ban or reinstate; holds at once, the person is told"""
    with transaction():
        services.change_status_by_staff(user_id, body["status"], reason=body["reason"], staff=current_staff())
    return _look_at(user_id)


def _look_at(user_id: UUID) -> UserView:
    """Read a person, and record the look if it shows contact addresses in full."""
    found = queries.get_user(user_id, contact=_sees_contact())
    if _sees_contact():
        with transaction():
            people.record_look(user_id, staff=current_staff())
    return found


def _sees_contact() -> bool:
    return current_staff().may("users.contact")


@audit_blueprint.route("/audit-log")
class AuditLog(MethodView):
    @staff_only("audit.read")
    @audit_blueprint.arguments(AuditArguments, location="query")
    @audit_blueprint.response(200, page_of(AuditEntrySchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Newest first; `since` is included, `until` is not"""
        return queries.list_audit_entries(**arguments)


@approval_blueprint.get("")
@staff_only("ledger.read")
@approval_blueprint.arguments(StaffActArguments, location="query")
@approval_blueprint.response(200, page_of(StaffActSchema))
def find(arguments: dict[str, Any]) -> dict[str, Any]:
    """What staff gave and took, newest first; `status=waiting` shows what is to be decided"""
    return queries.list_acts(**arguments)


@approval_blueprint.post("/<uuid:act_id>/approve")
@staff_only(SECOND_PERSON)
@idempotent
@approval_blueprint.response(200, StaffActSchema)
def approve(act_id: UUID) -> StaffAct:
    """Do what somebody else asked for"""
    return services.decide_act(act_id, approve=True, staff=current_staff(), now=utcnow())


@approval_blueprint.post("/<uuid:act_id>/reject")
@staff_only(SECOND_PERSON)
@idempotent
@approval_blueprint.response(200, StaffActSchema)
def reject(act_id: UUID) -> StaffAct:
    """Refuse what somebody else asked for"""
    return services.decide_act(act_id, approve=False, staff=current_staff(), now=utcnow())
