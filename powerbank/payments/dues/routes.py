"""People: what they owe, and paying it."""

from typing import Any
from uuid import UUID

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import utcnow
from powerbank.ledger import queries
from powerbank.payments.dues.schemas import DueArguments, DuePaidSchema, DueSchema, PaymentMethodSchema
from powerbank.payments.options import payment_sources
from powerbank.payments.options.methods import Method

blueprint = Blueprint("Dues", __name__, url_prefix="/api/users/me/dues", description="What the signed-in person owes.")


@blueprint.get("")
@user_only
@blueprint.arguments(DueArguments, location="query")
@blueprint.response(200, page_of(DueSchema))
def mine(arguments: dict[str, Any]) -> dict[str, Any]:
    """What I owe and owed, newest first"""
    return queries.due_page(user_id=current_user_id(), **arguments)


@blueprint.post("/<uuid:due_id>/pay")
@user_only
@idempotent
@blueprint.arguments(PaymentMethodSchema)
@blueprint.response(200, DuePaidSchema)
def pay(body: dict[str, Any], due_id: UUID) -> dict[str, Any]:
    """Pay all that is left of it"""
    paid = payment_sources.pay_due(
        user_id=current_user_id(), due_id=due_id, method=Method(body["payment_method"]), now=utcnow()
    )
    return {"id": due_id, "paid": paid.amount, "left": 0, "transaction_id": paid.id}
