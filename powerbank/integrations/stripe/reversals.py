"""Refunds and disputes as Stripe tells of them."""

from typing import Any

from powerbank.integrations.gateway import Reversal, ReversalState
from powerbank.integrations.stripe.currencies import from_stripe

# An inquiry ("warning_…") takes no money; a dispute does at once, and gives it back if it is won.
DISPUTES = {
    "needs_response": ReversalState.TAKEN,
    "under_review": ReversalState.TAKEN,
    "lost": ReversalState.TAKEN,
    "charge_refunded": ReversalState.TAKEN,
    "won": ReversalState.GIVEN_BACK,
    "prevented": ReversalState.GIVEN_BACK,
}
REFUNDS = {
    "pending": ReversalState.TAKEN,
    "requires_action": ReversalState.TAKEN,
    "succeeded": ReversalState.TAKEN,
    "failed": ReversalState.GIVEN_BACK,
    "canceled": ReversalState.GIVEN_BACK,
}


def dispute_from(found: dict[str, Any]) -> Reversal:
    return _from(found, "dispute", DISPUTES.get(found["status"], ReversalState.NOTHING), None)


def refund_from(found: dict[str, Any]) -> Reversal:
    key = (found.get("metadata") or {}).get("key")
    return _from(found, "refund", REFUNDS.get(found["status"], ReversalState.NOTHING), key)


def _from(found: dict[str, Any], kind: str, state: ReversalState, key: str | None) -> Reversal:
    currency, amount = str(found["currency"]).upper(), found["amount"]
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise TypeError("no amount")
    return Reversal(
        str(found["id"]), kind, state, from_stripe(amount, currency), currency, str(found["payment_intent"]), key
    )
