"""Khalti's Service API, which loads money into a Khalti wallet. `reference` is its idempotency key.

Whatever it says that is no definite answer means that the money may be on its way: it is asked for its status, and not
before five minutes have passed, as Khalti wants.
"""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from powerbank.base.clock import utcnow
from powerbank.base.money import format_amount
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.http import Answer, Http
from powerbank.integrations.payout_provider import AccountCheck, Destination, Order, PayoutState, ProviderAnswer

STATES = {
    "success": PayoutState.PAID,
    "queued": PayoutState.PROCESSING,
    "processing": PayoutState.PROCESSING,
    "expired": PayoutState.FAILED,
    "error": PayoutState.FAILED,
    "failed": PayoutState.FAILED,
}
DUPLICATE, NO_CREDIT, MAINTENANCE, REFUSED, NOT_FOUND = "1013", "1016", "1019", "4000", "4004"
ASK_AFTER = timedelta(minutes=5)


class KhaltiService:
    name = "khalti"
    title = "Khalti"
    automatic = True

    def __init__(self, *, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._http = Http("Khalti service")

    def check_account(self, to: Destination) -> AccountCheck:
        """Khalti tells nobody whose wallet a number is: staff compare it with what its owner gave them."""
        return AccountCheck(exists=True, note="Khalti does not tell whose wallet it is.")

    def send(self, order: Order) -> ProviderAnswer:
        wanted = {
            "token": self._token,
            "reference": order.key,
            "amount": format_amount(order.amount),
            "number": order.to.number,
            "remarks": order.remarks,
        }
        answer = self._http.send("POST", f"{self._url}/api/use/khalti-topup/", json=wanted)
        code = read_code(answer)
        if code in (NO_CREDIT, MAINTENANCE, REFUSED):
            raise VendorRefusedError(f"Khalti refused with {code}")
        if answer.status != 200 or code == DUPLICATE:
            raise VendorError(f"Khalti service: {answer.status} {code or ''}".rstrip())
        return read_answer(answer, order)

    def find(self, order: Order) -> ProviderAnswer | None:
        if utcnow() < order.ordered_at + ASK_AFTER:
            raise VendorError("Khalti service: asked too soon")
        query = {"token": self._token, "reference": order.key}
        answer = self._http.ask("GET", f"{self._url}/api/service/status/", params=query)
        if read_code(answer) == NOT_FOUND:
            return None
        if answer.status != 200:
            raise VendorError(f"Khalti service: {answer.status}")
        return read_answer(answer, order)

    def read_balance(self) -> int:
        """Read what is left of the credit that pays for payouts."""
        answer = self._http.ask("GET", f"{self._url}/api/balance/", params={"token": self._token})
        try:
            return int(Decimal(str(answer.object()["balance"])) * 100)
        except (KeyError, InvalidOperation, ValueError):
            raise VendorError("Khalti service: no balance") from None


def read_code(answer: Answer) -> str | None:
    """Read the code of a refusal, if the answer has one. An answer of another kind has none."""
    try:
        found: Any = answer.object().get("error_code")
    except VendorError:
        return None
    return str(found) if found is not None else None


def read_answer(answer: Answer, order: Order) -> ProviderAnswer:
    body = answer.object()
    state = STATES.get(str(body.get("state", "")).strip().lower())
    if state is None:
        raise VendorError("Khalti service: an unknown state")
    if body.get("reference", order.key) != order.key:
        raise VendorError("Khalti service: an answer about another payout")
    number = body.get("id")
    return ProviderAnswer(state, None if number is None else str(number)[:60], str(body.get("detail") or "")[:200])
