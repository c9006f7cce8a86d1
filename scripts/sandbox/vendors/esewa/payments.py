"""What eSewa keeps of a payment, and how it signs what it says."""

import base64
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from scripts.sandbox.payments import AFTER_PAYING, EVERYWHERE, Call, Outcome, OutcomeError, Shown, money
from scripts.sandbox.vendor import World

SESSION = timedelta(minutes=5)
SIGNED = "transaction_code,status,total_amount,transaction_uuid,product_code,signed_field_names"

# eSewa has no word for a failure either: what is reversed is CANCELED.
SAID = {
    Outcome.COMPLETED: "COMPLETE",
    Outcome.PENDING: "PENDING",
    Outcome.AMBIGUOUS: "AMBIGUOUS",
    Outcome.CANCELLED: "CANCELED",
    Outcome.FAILED: "CANCELED",
    Outcome.EXPIRED: "NOT_FOUND",
}


@dataclass
class EsewaPayment:
    uuid: str
    asked: Decimal
    success_url: str
    failure_url: str
    form_signature: str
    form_total: str
    created_at: datetime
    state: str = "PENDING"
    decided: bool = False
    paid: Decimal | None = None
    refunded: Decimal = Decimal(0)
    ref_id: str | None = None
    back: str | None = None

    @property
    def status(self) -> str:
        if self.refunded:
            return "FULL_REFUND" if self.refunded >= (self.paid or 0) else "PARTIAL_REFUND"
        if not self.decided and datetime.now(UTC) >= self.created_at + SESSION:
            return "NOT_FOUND"
        return self.state

    @property
    def total(self) -> float:
        return float(self.asked if self.paid is None else self.paid)


class EsewaPayments:
    name = "esewa"
    title = "eSewa"
    outcomes = EVERYWHERE

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.RLock()
        self._kept: dict[str, EsewaPayment] = {}

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def open(self, form: Mapping[str, str]) -> bool:
        with self._lock:
            if form["transaction_uuid"] in self._kept:
                return False
            self._kept[form["transaction_uuid"]] = EsewaPayment(
                uuid=form["transaction_uuid"],
                asked=Decimal(form["total_amount"]),
                success_url=form["success_url"],
                failure_url=form["failure_url"],
                form_signature=form["signature"],
                form_total=form["total_amount"],
                created_at=datetime.now(UTC),
            )
            return True

    def find(self, uuid: str) -> EsewaPayment | None:
        return self._kept.get(uuid)

    def newest_first(self) -> list[Shown]:
        with self._lock:
            return [self._show(payment) for payment in reversed(self._kept.values())]

    def get(self, payment_id: str) -> Shown | None:
        payment = self.find(payment_id)
        return self._show(payment) if payment else None

    def apply(self, payment_id: str, outcome: Outcome, amount: int | None) -> None:
        with self._lock:
            payment = self._kept[payment_id]
            if payment.ref_id and outcome not in AFTER_PAYING:
                raise OutcomeError("It is paid already.")
            if outcome is Outcome.REFUNDED:
                self._give_back(payment, amount)
                return
            payment.state, payment.decided = SAID[outcome], True
            if outcome is Outcome.COMPLETED and not payment.ref_id:
                payment.ref_id = secrets.token_hex(4).upper()[:7]
                payment.paid = payment.asked if amount is None else Decimal(amount) / 100
            payment.back = self._way_back(payment)

    def calls(self, payment_id: str, repeat: int) -> list[Call]:
        back = self._kept[payment_id].back
        return [Call(back)] * repeat if back else []

    def calls_by_itself(self) -> bool:
        return False

    def settle_refund(self, refund_id: str, *, succeeded: bool) -> list[Call]:
        raise OutcomeError("eSewa has no refund over its API", 400)

    def _give_back(self, payment: EsewaPayment, amount: int | None) -> None:
        """As the merchant does by hand, in eSewa's portal."""
        left = (payment.paid or Decimal(0)) - payment.refunded
        back = left if amount is None else Decimal(amount) / 100
        if not payment.ref_id or not 0 < back <= left:
            raise OutcomeError("There is not that much to give back.")
        payment.refunded += back

    def _show(self, payment: EsewaPayment) -> Shown:
        return Shown(
            gateway=self.name,
            id=payment.uuid,
            title=self._world.accounts.esewa_product,
            amount=money(int((payment.asked if payment.paid is None else payment.paid) * 100)),
            currency="NPR",
            status=payment.status,
            open=payment.status in ("PENDING", "AMBIGUOUS"),
            created_at=payment.created_at,
            back=payment.back,
            refunded=money(int(payment.refunded * 100)),
        )

    def _way_back(self, payment: EsewaPayment) -> str | None:
        """Made once for each outcome: a fault concerns one of them, however often the browser goes there."""
        if payment.state == "NOT_FOUND":
            return None
        taken = self._world.faults.take("esewa", ["shortened_list", "tampered", "comma_amount"], [payment.uuid])
        fault = taken.fault if taken else ""
        if fault == "shortened_list":
            return with_data(payment.success_url, self._shortened(payment))
        if payment.state != "COMPLETE":
            return payment.failure_url
        total = f'"{payment.total:,}"' if fault == "comma_amount" else repr(payment.total)
        fields = {
            "transaction_code": payment.ref_id or "",
            "status": payment.state,
            "total_amount": total.strip('"'),
            "transaction_uuid": payment.uuid,
            "product_code": self._world.accounts.esewa_product,
            "signed_field_names": SIGNED,
        }
        signature = sign(fields, self._world.accounts.esewa_secret)
        if fault == "tampered":
            total = repr(payment.total + 1)
        # The number travels as it was signed; a JSON library would write its own.
        text = {name: json.dumps(value) for name, value in fields.items()} | {"total_amount": total}
        text["signature"] = json.dumps(signature)
        return with_data(payment.success_url, "{" + ",".join(f'"{name}":{value}' for name, value in text.items()) + "}")

    def _shortened(self, payment: EsewaPayment) -> str:
        """A payer has the form's signature in hand, and it is a good one."""
        forged: dict[str, Any] = {
            "transaction_code": "000FAKE",
            "status": "COMPLETE",
            "total_amount": payment.form_total,
            "transaction_uuid": payment.uuid,
            "product_code": self._world.accounts.esewa_product,
            "signed_field_names": "total_amount,transaction_uuid,product_code",
            "signature": payment.form_signature,
        }
        return json.dumps(forged)


def sign(fields: Mapping[str, str], secret: str) -> str:
    names = fields["signed_field_names"].split(",")
    text = ",".join(f"{name}={fields.get(name, '')}" for name in names)
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def with_data(url: str, text: str) -> str:
    """Put behind the address as it is: one with a query of its own is spoilt by it."""
    return f"{url}?data={base64.b64encode(text.encode()).decode()}"
