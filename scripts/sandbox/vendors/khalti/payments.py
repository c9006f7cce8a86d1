"""What Khalti keeps of a payment, and what it says of it."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from scripts.sandbox.payments import AFTER_PAYING, EVERYWHERE, Call, Outcome, OutcomeError, Shown, money
from scripts.sandbox.vendor import World

NEPAL = timezone(timedelta(hours=5, minutes=45))
PAYER = "98" + 5 * "X" + "000"  # Khalti masks the number of whoever paid

# What the lookup says, and what the browser says on its way back. Khalti has no word for a failure: the link ends.
SAID = {
    Outcome.COMPLETED: ("Completed", "Completed"),
    Outcome.PENDING: ("Pending", "Pending"),
    Outcome.AMBIGUOUS: ("Pending", "Pending"),
    Outcome.CANCELLED: ("User canceled", "User canceled"),
    Outcome.FAILED: ("Expired", "User canceled"),
    Outcome.EXPIRED: ("Expired", None),
}


@dataclass
class KhaltiPayment:
    pidx: str
    asked: int
    order_id: str
    order_name: str
    return_url: str
    created_at: datetime
    expires_at: datetime
    state: str = "Initiated"
    returned: str | None = None
    paid: int = 0
    refunded: int = 0
    transaction_id: str | None = None
    by_bank: bool = False

    @property
    def status(self) -> str:
        if self.refunded:
            return "Refunded" if self.refunded >= self.paid else "Partially Refunded"
        if self.state == "Initiated" and datetime.now(UTC) >= self.expires_at:
            return "Expired"
        return self.state

    @property
    def ended(self) -> bool:
        return self.status in ("Expired", "User canceled")


class KhaltiPayments:
    name = "khalti"
    title = "Khalti"
    outcomes = EVERYWHERE
    link_seconds = 1800

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.RLock()
        self._kept: dict[str, KhaltiPayment] = {}

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def create(self, given: Mapping[str, Any]) -> KhaltiPayment:
        """Nothing is recognised as a repeat: each request is a new payment, whatever its order."""
        now = datetime.now(UTC)
        payment = KhaltiPayment(
            pidx=secrets.token_urlsafe(16).replace("_", "x").replace("-", "y"),
            asked=int(given["amount"]),
            order_id=str(given["purchase_order_id"]),
            order_name=str(given["purchase_order_name"]),
            return_url=given["return_url"],
            created_at=now,
            expires_at=now + timedelta(seconds=self.link_seconds),
        )
        with self._lock:
            self._kept[payment.pidx] = payment
        return payment

    def find(self, pidx: str) -> KhaltiPayment | None:
        return self._kept.get(pidx)

    def paid_as(self, transaction_id: str) -> KhaltiPayment | None:
        with self._lock:
            return next((one for one in self._kept.values() if one.transaction_id == transaction_id), None)

    def give_back(self, payment: KhaltiPayment, amount: int) -> None:
        with self._lock:
            if amount > payment.paid - payment.refunded:
                raise OutcomeError("more than is left")
            payment.refunded += amount

    def newest_first(self) -> list[Shown]:
        with self._lock:
            return [self._show(payment) for payment in reversed(self._kept.values())]

    def get(self, payment_id: str) -> Shown | None:
        payment = self.find(payment_id)
        return self._show(payment) if payment else None

    def apply(self, payment_id: str, outcome: Outcome, amount: int | None) -> None:
        with self._lock:
            payment = self._kept[payment_id]
            if payment.transaction_id and outcome not in AFTER_PAYING:
                raise OutcomeError("It is paid already.")
            if outcome is Outcome.REFUNDED:
                if not payment.transaction_id:
                    raise OutcomeError("It is not paid.")
                self.give_back(payment, payment.paid - payment.refunded if amount is None else amount)
                return
            payment.state, payment.returned = SAID[outcome]
            if outcome is Outcome.COMPLETED and not payment.transaction_id:
                payment.transaction_id = secrets.token_urlsafe(16)
                payment.paid = payment.asked if amount is None else amount
                payment.by_bank = self._world.faults.take("khalti", ["paid_by_bank"], [payment_id]) is not None

    def calls(self, payment_id: str, repeat: int) -> list[Call]:
        """There is no webhook. What there is, is a browser that comes back, or not, or again and again."""
        back = self._back(self._kept[payment_id])
        return [Call(back)] * repeat if back else []

    def calls_by_itself(self) -> bool:
        return False

    def settle_refund(self, refund_id: str, *, succeeded: bool) -> list[Call]:
        raise OutcomeError("Khalti refunds at once", 400)

    def _show(self, payment: KhaltiPayment) -> Shown:
        return Shown(
            gateway=self.name,
            id=payment.pidx,
            title=payment.order_name,
            amount=money(payment.paid or payment.asked),
            currency="NPR",
            status=payment.status,
            open=payment.status in ("Initiated", "Pending"),
            created_at=payment.created_at,
            back=self._back(payment),
            refunded=money(payment.refunded),
        )

    def _back(self, payment: KhaltiPayment) -> str | None:
        if payment.returned is None:
            return None
        completed = payment.returned == "Completed"
        transaction = (payment.transaction_id or "") if completed else ""
        amount = payment.paid if completed else payment.asked
        query = urlencode(
            {
                "pidx": payment.pidx,
                "transaction_id": transaction,
                "tidx": transaction,
                "amount": amount,
                "total_amount": amount,
                "mobile": PAYER if completed else "",
                "status": payment.returned,
                "purchase_order_id": payment.order_id,
                "purchase_order_name": payment.order_name,
            }
        )
        return f"{payment.return_url}{'&' if '?' in payment.return_url else '?'}{query}"


def as_lookup(payment: KhaltiPayment) -> dict[str, Any]:
    return {
        "pidx": payment.pidx,
        "total_amount": payment.paid or payment.asked,
        "status": payment.status,
        "transaction_id": payment.transaction_id,
        "fee": 0,
        "refunded": payment.refunded > 0,
    }


def iso(moment: datetime) -> str:
    return moment.astimezone(NEPAL).isoformat()
