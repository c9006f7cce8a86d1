"""A person's own money."""

from typing import Any

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.ledger import queries
from powerbank.ledger.schemas import TransactionArguments, TransactionSchema, WalletSchema

blueprint = Blueprint("Wallet", __name__, url_prefix="/api/wallet", description="The signed-in person's money.")


@blueprint.get("")
@user_only
@blueprint.response(200, WalletSchema)
def wallet() -> queries.Wallet:
    """What I have, what is held of it, and what I owe"""
    return queries.wallet_of_user(current_user_id())


@blueprint.get("/transactions")
@user_only
@blueprint.arguments(TransactionArguments, location="query")
@blueprint.response(200, page_of(TransactionSchema))
def transactions(arguments: dict[str, Any]) -> dict[str, Any]:
    """What came in and went out, newest first"""
    return queries.transaction_page(current_user_id(), **arguments)
