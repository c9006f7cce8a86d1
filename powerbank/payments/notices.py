"""What notices say of payments beyond what their events carry."""

from collections.abc import Mapping
from uuid import UUID

from powerbank.base.db import open_session
from powerbank.ledger import queries
from powerbank.outbox.enqueue import Scalar
from powerbank.payments.models import IntentStatus, PaymentIntent


def if_payable(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar] | None:
    """Whoever has paid or cancelled while the news was on its way needs no page any more."""
    intent = open_session().get(PaymentIntent, UUID(str(event["intent_id"])))
    return {"amount": intent.amount} if intent is not None and intent.status == IntentStatus.READY else None


def balance(user_id: UUID, event: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """What is in the wallet when the person is told: a due may have been paid from it meanwhile."""
    return {"balance": queries.wallet(user_id).balance}
