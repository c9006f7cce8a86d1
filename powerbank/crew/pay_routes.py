"""Where members of the crew are paid to: they ask, staff confirm as a second person, and the account cools off."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_staff, current_user_id, staff_only, user_only
from powerbank.api.openapi import Blueprint
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.crew.members.queries import actor_of, find_member, find_own_member
from powerbank.crew.members.schemas import CrewNeededReasonSchema, CrewReasonSchema
from powerbank.payouts import queries
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.schemas import AccountRequestSchema, OwnAccountsSchema, PayoutAccountSchema
from powerbank.payouts.states import AccountKind, PayeeKind

blueprint = Blueprint("Crew's pay", __name__, url_prefix="/api", description="Where the crew is paid to.")

READ, WRITE, APPROVE = "payouts.read", "payouts.write", "payouts.approve"


@blueprint.get("/crew/payout-account")
@user_only
@blueprint.response(200, OwnAccountsSchema)
def own_accounts() -> dict[str, Any]:
    """Where one is, was or wants to be paid, newest first"""
    found = accounts.list_accounts(PayeeKind.CREW, find_own_member(current_user_id()).id)
    return {"items": [queries.show_account(each) for each in found]}


@blueprint.post("/crew/payout-account")
@user_only
@blueprint.arguments(AccountRequestSchema)
@blueprint.response(201, PayoutAccountSchema)
def request_own_account(body: dict[str, Any]) -> dict[str, Any]:
    """Ask to be paid to another account. Staff confirm it, and it cools off"""
    member = find_own_member(current_user_id())
    kind = AccountKind(body.pop("kind"))
    with transaction():
        account = accounts.request_account(PayeeKind.CREW, member.id, kind=kind, **body, by=actor_of(member.id))
        return queries.show_account(account)


@blueprint.get("/admin/crew/<uuid:member_id>/payout-accounts")
@staff_only(READ)
@blueprint.response(200, PayoutAccountSchema(many=True))
def member_accounts(member_id: UUID) -> list[dict[str, Any]]:
    """Where a member is, was or wants to be paid, newest first"""
    return [queries.show_account(each) for each in accounts.list_accounts(PayeeKind.CREW, find_member(member_id).id)]


@blueprint.post("/admin/crew/<uuid:member_id>/payout-accounts")
@staff_only(WRITE)
@blueprint.arguments(AccountRequestSchema)
@blueprint.response(201, PayoutAccountSchema)
def request_account(body: dict[str, Any], member_id: UUID) -> dict[str, Any]:
    """Ask for an account for a member. A second person confirms it"""
    kind = AccountKind(body.pop("kind"))
    by = staff_actor(current_staff().id)
    with transaction():
        return queries.show_account(accounts.request_account(PayeeKind.CREW, member_id, kind=kind, **body, by=by))


@blueprint.post("/admin/crew/<uuid:member_id>/payout-accounts/<uuid:account_id>/confirm")
@staff_only(APPROVE)
@blueprint.arguments(CrewReasonSchema)
@blueprint.response(200, PayoutAccountSchema)
def confirm_account(body: dict[str, Any], member_id: UUID, account_id: UUID) -> dict[str, Any]:
    """Confirm an account as the second person. It is paid to after it has cooled off"""
    with transaction():
        account = accounts.confirm_account(
            PayeeKind.CREW, member_id, account_id, staff=current_staff(), reason=body["reason"], now=utcnow()
        )
        return queries.show_account(account)


@blueprint.post("/admin/crew/<uuid:member_id>/payout-accounts/<uuid:account_id>/reject")
@staff_only(APPROVE)
@blueprint.arguments(CrewNeededReasonSchema)
@blueprint.response(200, PayoutAccountSchema)
def reject_account(body: dict[str, Any], member_id: UUID, account_id: UUID) -> dict[str, Any]:
    """Reject a request, with the reason"""
    with transaction():
        account = accounts.reject_account(
            PayeeKind.CREW, member_id, account_id, staff=current_staff(), reason=body["reason"], now=utcnow()
        )
        return queries.show_account(account)
