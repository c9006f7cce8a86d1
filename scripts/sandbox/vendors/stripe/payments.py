"""What becomes of Stripe's payments: sessions, direct intents, refunds and disputes, and the events of each turn."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.sandbox.payments import AFTER_PAYING, Call, Outcome, OutcomeError, Shown, money
from scripts.sandbox.vendor import World
from scripts.sandbox.vendors.stripe import objects
from scripts.sandbox.vendors.stripe.events import Events, Object
from scripts.sandbox.vendors.stripe.params import StripeError, decimals

DECLINED = {"code": "card_declined", "message": "Your card was declined.", "type": "card_error"}


class StripePayments:
    name = "stripe"
    title = "Stripe"
    outcomes = frozenset(Outcome)

    def __init__(self, world: World, events: Events) -> None:
        self._world = world
        self._events = events
        self.lock = threading.RLock()
        self.objects: dict[str, Object] = {}
        self._of_sessions: set[str] = set()  # intents that are not payments of their own
        self._about: dict[str, Object] = {}  # what the intent of a session will know
        self._backs: dict[str, str | None] = {}
        self._news: dict[str, list[Object]] = {}

    def clear(self) -> None:
        with self.lock:
            for kept in (self.objects, self._of_sessions, self._about, self._backs, self._news):
                kept.clear()

    def create_session(self, given: Mapping[str, Any]) -> Object:
        session, about = objects.session(given, self._world.url)
        with self.lock:
            self.objects[session["id"]], self._about[session["id"]] = session, about
        return session

    def create_intent(self, amount: int, currency: str, about: Mapping[str, Any]) -> Object:
        intent = objects.intent(amount, currency, about)
        with self.lock:
            self.objects[intent["id"]] = intent
        return intent

    def find(self, id_: str, kind: str) -> Object:
        with self.lock:
            found = self.objects.get(id_)
            if found is None or found["object"] != kind:
                said = f"No such {kind}: '{id_}'"
                raise StripeError(said, status=404, code="resource_missing", param="id")
            if kind == "checkout.session" and found["status"] == "open" and found["expires_at"] <= time.time():
                self._expire(found)
            return found

    def of_kind(self, kind: str) -> list[Object]:
        with self.lock:
            return [one for one in reversed(self.objects.values()) if one["object"] == kind]

    def newest_first(self) -> list[Shown]:
        with self.lock:
            ids = [id_ for id_ in reversed(self.objects) if self._is_payment(id_)]
            return [self._show(id_) for id_ in ids]

    def get(self, payment_id: str) -> Shown | None:
        with self.lock:
            return self._show(payment_id) if self._is_payment(payment_id) else None

    def apply(self, payment_id: str, outcome: Outcome, amount: int | None) -> None:
        with self.lock:
            session, intent = self._both(payment_id)
            paid = intent is not None and intent["status"] == "succeeded"
            if paid and outcome not in AFTER_PAYING:
                raise OutcomeError("It is paid already.")
            if not paid and outcome in AFTER_PAYING - {Outcome.COMPLETED}:
                raise OutcomeError("It is not paid.")
            self._backs[payment_id] = self._back(session, outcome)
            if outcome is Outcome.COMPLETED:
                news = [] if paid else self._pay(payment_id, amount)
            elif outcome is Outcome.REFUNDED:
                news = self.refund(self._charge_of(intent), {} if amount is None else {"amount": str(amount)})[1]
            elif outcome in AFTER_PAYING:
                news = self._dispute(self._charge_of(intent), outcome)
            else:
                news = self._stop(payment_id, outcome)
            # What was already told is told again: it is the same event.
            self._news[payment_id] = news or self._news.get(payment_id, [])

    def calls(self, payment_id: str, repeat: int) -> list[Call]:
        return self._events.calls(self._news.get(payment_id, []), repeat)

    def calls_by_itself(self) -> bool:
        return True

    def refund(self, charge: Object, given: Mapping[str, Any]) -> tuple[Object, list[Object]]:
        with self.lock:
            refund = objects.refund(given, charge)
            if self._world.faults.take("stripe", ["refund_pending"], [charge["id"], charge["payment_intent"]]):
                refund["status"] = "pending"
            self.objects[refund["id"]] = refund
            self._return(charge, refund["amount"])
            return refund, [self._events.add("refund.created", refund), self._events.add("charge.refunded", charge)]

    def settle_refund(self, refund_id: str, *, succeeded: bool) -> list[Call]:
        with self.lock:
            refund = self.objects.get(refund_id)
            if refund is None or refund["object"] != "refund":
                raise OutcomeError(f"Stripe knows no refund {refund_id}", 404)
            if refund["status"] != "pending":
                raise OutcomeError(f"It is {refund['status']} already.")
            refund["status"] = "succeeded" if succeeded else "failed"
            if not succeeded:
                self._return(self.objects[refund["charge"]], -refund["amount"])
            news = [self._events.add("refund.updated" if succeeded else "refund.failed", refund)]
            return self._events.calls(news)

    def _return(self, charge: Object, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] >= charge["amount"]

    def _pay(self, payment_id: str, amount: int | None) -> list[Object]:
        session, intent = self._both(payment_id)
        late = session is not None and session["status"] == "complete"
        if intent is None:
            intent = self._intent_of(payment_id)
        paid = intent["amount"] if amount is None else amount
        charge = objects.charge(intent, paid)
        self.objects[charge["id"]] = charge
        intent.update(status="succeeded", amount_received=paid, latest_charge=charge["id"], last_payment_error=None)
        news = [self._events.add("payment_intent.succeeded", intent), self._events.add("charge.succeeded", charge)]
        if session is not None:
            session.update(status="complete", payment_status="paid", amount_total=paid)
            kind = "async_payment_succeeded" if late else "completed"
            news.append(self._events.add(f"checkout.session.{kind}", session))
        return news

    def _stop(self, payment_id: str, outcome: Outcome) -> list[Object]:
        session, intent = self._both(payment_id)
        if outcome is Outcome.EXPIRED or (outcome is Outcome.CANCELLED and session is None):
            return self._expire(session) if session else self._cancel(self._intent_of(payment_id))
        if outcome is Outcome.CANCELLED:
            return []  # the browser goes back, the session stays open
        intent = intent or self._intent_of(payment_id)
        if outcome in (Outcome.PENDING, Outcome.AMBIGUOUS):
            intent["status"] = "processing"
            return [self._events.add("payment_intent.processing", intent), *self._complete_unpaid(session)]
        intent.update(status="requires_payment_method", last_payment_error=DECLINED)
        news = [self._events.add("payment_intent.payment_failed", intent)]
        if outcome is Outcome.FAILED and session is not None:
            # A declined card leaves the session open; what fails for good is a slow payment.
            news += [
                *self._complete_unpaid(session),
                self._events.add("checkout.session.async_payment_failed", session),
            ]
        return news

    def _complete_unpaid(self, session: Object | None) -> list[Object]:
        if session is None or session["status"] == "complete":
            return []
        session["status"] = "complete"
        return [self._events.add("checkout.session.completed", session)]

    def _expire(self, session: Object) -> list[Object]:
        session.update(status="expired", url=None)
        return [self._events.add("checkout.session.expired", session)]

    def expire(self, session: Object) -> list[Object]:
        with self.lock:
            if session["status"] != "open":
                raise StripeError('Only Checkout Sessions with a status in ["open"] can be expired.', executed=True)
            return self._expire(session)

    def _cancel(self, intent: Object) -> list[Object]:
        intent["status"] = "canceled"
        return [self._events.add("payment_intent.canceled", intent)]

    def _dispute(self, charge: Object, outcome: Outcome) -> list[Object]:
        dispute = next((one for one in self.of_kind("dispute") if one["charge"] == charge["id"]), None)
        if outcome is Outcome.DISPUTED:
            if dispute:
                return []
            if charge["refunded"]:
                raise OutcomeError("All of it has gone back already.")
            dispute = objects.dispute(charge)
            self.objects[dispute["id"]] = dispute
            charge["disputed"] = True
            return [self._events.add("charge.dispute.created", dispute)]
        if dispute is None:
            raise OutcomeError("It is not disputed.")
        dispute["status"] = "won" if outcome is Outcome.DISPUTE_WON else "lost"
        return [self._events.add("charge.dispute.closed", dispute)]

    def _is_payment(self, id_: str) -> bool:
        found = self.objects.get(id_)
        return (
            found is not None
            and found["object"] in ("checkout.session", "payment_intent")
            and id_ not in self._of_sessions
        )

    def _both(self, payment_id: str) -> tuple[Object | None, Object | None]:
        found = self.objects[payment_id]
        if found["object"] == "payment_intent":
            return None, found
        return found, self.objects.get(found["payment_intent"] or "")

    def _intent_of(self, payment_id: str) -> Object:
        """A session has none before something is tried."""
        session, intent = self._both(payment_id)
        if session is not None and intent is None:
            intent = self.create_intent(session["amount_total"], session["currency"], self._about[payment_id])
            self._of_sessions.add(intent["id"])
            session["payment_intent"] = intent["id"]
        return intent or self.objects[payment_id]

    def _charge_of(self, intent: Object | None) -> Object:
        if intent is None:
            raise OutcomeError("It is not paid.")
        return self.objects[intent["latest_charge"]]

    def _back(self, session: Object | None, outcome: Outcome) -> str | None:
        if session is None or outcome in (Outcome.EXPIRED, Outcome.DECLINED):
            return None
        if outcome is Outcome.CANCELLED:
            return session["cancel_url"]  # type: ignore[no-any-return]
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])

    def _show(self, payment_id: str) -> Shown:
        session, intent = self._both(payment_id)
        found = session or self.objects[payment_id]
        amount = found["amount_total"] if session else found["amount"]
        status = f"{session['status']}, {session['payment_status']}" if session else found["status"]
        waiting = intent is not None and intent["status"] == "processing"
        charge = self.objects.get(intent["latest_charge"] or "") if intent else None
        return Shown(
            gateway=self.name,
            id=payment_id,
            title=(self._about[payment_id] if session else found).get("description") or "Payment",
            amount=money(amount, decimals(found["currency"])),
            currency=found["currency"].upper(),
            status=status,
            open=waiting or found["status"] in ("open", "requires_payment_method"),
            created_at=datetime.fromtimestamp(found["created"], UTC),
            back=self._backs.get(payment_id),
            refunded=money(charge["amount_refunded"] if charge else 0, decimals(found["currency"])),
        )
