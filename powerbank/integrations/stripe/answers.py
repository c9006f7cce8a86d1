"""Read Stripe's answers: payments, refunds and disputes, each in the smallest unit of its currency."""

from typing import Any

from powerbank.integrations.errors import VendorRefusedError
from powerbank.integrations.gateway import (
    GatewayRefund,
    Payment,
    PaymentState,
    RefundState,
    Reversal,
    ReversalState,
)

Json = dict[str, Any]

REFUND_STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}

# An inquiry ("warning_…") takes no money. A dispute does at once, and gives it back if it is won.
DISPUTE_STATES = {
    "needs_response": ReversalState.TAKEN,
    "under_review": ReversalState.TAKEN,
    "lost": ReversalState.TAKEN,
    "charge_refunded": ReversalState.TAKEN,
    "won": ReversalState.GIVEN_BACK,
    "prevented": ReversalState.GIVEN_BACK,
}
REFUND_REVERSALS = {
    "pending": ReversalState.TAKEN,
    "requires_action": ReversalState.TAKEN,
    "succeeded": ReversalState.TAKEN,
    "failed": ReversalState.GIVEN_BACK,
    "canceled": ReversalState.GIVEN_BACK,
}

THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# These have no smaller unit any more, yet Stripe wants the two zeros that they once had.
TWO_ZEROS = frozenset(["ISK", "UGX"])


def to_stripe(amount: int, currency: str) -> int:
    """Give an amount as Stripe takes it: as it is, except in a few currencies."""
    if currency in THREE_DECIMAL and amount % 10:
        raise VendorRefusedError(f"Stripe takes {currency} in steps of ten")
    return amount * 100 if currency in TWO_ZEROS else amount


def from_stripe(amount: int, currency: str) -> int:
    return amount // 100 if currency in TWO_ZEROS else amount


def read_payment(session: Json) -> Payment:
    intent = session["payment_intent"] or {}
    state, final = read_state(session["status"], session["payment_status"], intent.get("status"))
    paid = state is PaymentState.PAID
    currency = read_text(intent["currency"] if paid else session["currency"]).upper()
    refunded = (intent.get("latest_charge") or {}).get("amount_refunded", 0)
    if paid and refunded:
        state = PaymentState.REFUNDED if refunded >= intent["amount_received"] else PaymentState.PARTLY_REFUNDED
    return Payment(
        reference=read_text(session["id"]),
        state=state,
        final=final,
        amount=from_stripe(read_integer(intent["amount_received"] if paid else session["amount_total"]), currency),
        currency=currency,
        payment_id=read_text(intent["id"]) if intent else None,
        refunded=from_stripe(read_integer(refunded), currency) if paid else None,
        raw={
            "status": session["status"],
            "payment_status": session["payment_status"],
            "intent_status": intent.get("status"),
        },
    )


def read_state(session: str, payment: str, intent: str | None) -> tuple[PaymentState, bool]:
    if session == "complete" and payment == "paid" and intent == "succeeded":
        return PaymentState.PAID, True
    if session == "complete" and payment == "unpaid":
        if intent in ("requires_payment_method", "canceled"):
            return PaymentState.FAILED, True
        # A slow way to pay: the money may come days later.
        return PaymentState.PENDING, False
    if session == "open":
        return PaymentState.OPEN, False
    if session == "expired":
        return PaymentState.EXPIRED, True
    return PaymentState.UNKNOWN, False


def read_refund(answer: Json) -> GatewayRefund:
    state = REFUND_STATES.get(answer["status"], RefundState.PENDING)
    currency = read_text(answer["currency"]).upper()
    amount = from_stripe(read_integer(answer["amount"]), currency)
    return GatewayRefund(state, read_text(answer["id"]), amount, {"status": answer["status"]})


def read_json(answer: Any) -> Json:
    """Give the JSON as it came, since the objects of Stripe's package are no dictionaries."""
    data = answer.last_response.data
    if not isinstance(data, dict):
        raise TypeError("no object")
    return data


def read_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    return value


def read_integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("no whole number")
    return value


def read_dispute(answer: Json) -> Reversal:
    return _read_reversal(answer, "dispute", DISPUTE_STATES.get(answer["status"], ReversalState.NOTHING), None)


def read_reversal_by_refund(answer: Json) -> Reversal:
    key = (answer.get("metadata") or {}).get("key")
    return _read_reversal(answer, "refund", REFUND_REVERSALS.get(answer["status"], ReversalState.NOTHING), key)


def _read_reversal(answer: Json, kind: str, state: ReversalState, key: str | None) -> Reversal:
    currency, amount = str(answer["currency"]).upper(), answer["amount"]
    if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
        raise TypeError("no amount")
    return Reversal(
        str(answer["id"]), kind, state, from_stripe(amount, currency), currency, str(answer["payment_intent"]), key
    )
