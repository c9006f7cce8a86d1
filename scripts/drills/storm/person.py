"""What one rider does with an account and with money: joins with a code from an SMS, tops up through a gateway, asks
for a part of it back. Trips are in `riders`."""

import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

from scripts.drills.storm.client import Client, Reply, Staff
from scripts.drills.storm.gateways import Sandbox
from scripts.drills.storm.journal import Accepted, Journal, Paid, Unknown, Wait, now

GATEWAYS = ("khalti", "esewa", "stripe")
FIRST_NUMBER = 9_841_000_000
LOOK_EVERY = 1.0  # seconds
CODE_WITHIN, PAGE_WITHIN, CREDITED_WITHIN = 120.0, 180.0, 300.0
VERIFY_EVERY = 5  # looks
REFUND = "10.00"
CODE = re.compile(r"\b[0-9]{6}\b")

_numbers = itertools.count()


class Person:
    def __init__(self, journal: Journal, sandbox: Sandbox, staff: Staff, client: Client, dice: random.Random) -> None:
        self.journal, self.sandbox, self.staff, self.client, self.dice = journal, sandbox, staff, client, dice
        self.id = ""
        self._topups: list[str] = []  # transactions that can be given back
        self.over = threading.Event()  # nothing new is begun any more

    def join(self) -> bool:
        """A new account. Not if a reply was lost that cannot be had again: the rider then begins anew as another."""
        self.client.sign_out()
        self.id, self._topups = "", []
        phone = f"+977{FIRST_NUMBER + next(_numbers)}"
        asked = self.client.ask("POST", "/api/auth/get-otp", {"identifier": phone})
        if not asked.accepted:
            return False
        began = now()  # whoever asks again after an answer that was lost first waits out the minute between two codes
        self.journal.note(Accepted("code", phone, asked.body["challenge_id"], ""))
        code = self.wait("code until received", phone, lambda: self._code(phone), began=began, within=CODE_WITHIN)
        if code is None:
            return False
        verified = self.client.ask(
            "POST", "/api/auth/verify-otp", {"challenge_id": asked.body["challenge_id"], "code": code}
        )
        if not verified.accepted:
            return False
        name = {"username": f"rider{uuid4().hex[:12]}", "first_name": "Sita", "last_name": "Sharma"}
        token = verified.body["verification_token"]
        registered = self.client.ask("POST", "/api/auth/register", {"verification_token": token, **name})
        if not registered.accepted:
            return False
        self.client.sign_in(registered.body)
        self.id = registered.body["user"]["id"]
        whole = {"date_of_birth": "1990-01-01", "address": "Thamel Marg", "city": "Kathmandu"}
        return self.client.ask("PATCH", "/api/users/me", whole).accepted

    def _code(self, phone: str) -> str | None:
        found = self.sandbox.messages(phone)
        digits = CODE.search(found[0]["body"]) if found else None
        return digits[0] if digits else None

    def balance(self) -> Decimal:
        return Decimal(self.client.get("/api/wallet").body.get("balance", "0"))

    def top_up(self) -> None:
        gateway = self.dice.choice(GATEWAYS)
        amount = f"{self.dice.choice((100, 150, 200, 300))}.00"
        asked = self.promise("topup", "/api/wallet/topup-intent", {"amount": amount, "gateway": gateway}, "intent_id")
        if asked is None:
            return
        intent_id, began = asked["intent_id"], now()
        path = f"/api/payment/intents/{intent_id}"
        page = self.wait(
            "top-up until payable", intent_id, lambda: self._payable(path), began=began, within=PAGE_WITHIN
        )
        if page is None or page["status"] != "ready" or self.dice.random() < 0.05:
            return  # one in twenty thinks better of it
        payment_id = self.sandbox.pay(page, notify=self.dice.random() < 0.8)
        self.journal.note(Paid(intent_id, gateway, payment_id, self.id))
        looks = itertools.count(1)
        credited = self.wait(
            "top-up until credited",
            intent_id,
            lambda: self._credited(path, next(looks)),
            began=now(),
            within=CREDITED_WITHIN,
        )
        if credited is not None:
            self._topups.append(credited["transaction_id"])

    def _payable(self, path: str) -> dict[str, Any] | None:
        found = self.client.get(path).body
        return found if found.get("status", "pending") != "pending" else None

    def _credited(self, path: str, look: int) -> dict[str, Any] | None:
        if look % VERIFY_EVERY == 0:
            self.client.ask("POST", f"{path}/verify", patience=0)
        found = self.client.get(path).body
        return found if found.get("status") == "success" else None

    def ask_for_a_refund(self) -> None:
        """Of a part of the newest top-up. Staff agree."""
        if not self._topups:
            return
        body = {"transaction_id": self._topups.pop(), "amount": REFUND, "reason": "Paid too much."}
        asked = self.promise("refund", "/api/payment/refunds", body, "id")
        if asked is not None:
            self.staff.post(f"/api/admin/refunds/{asked['id']}/approve")

    def promise(self, what: str, path: str, body: Any, subject: str) -> dict[str, Any] | None:
        """Ask for what must then happen once. `subject` is the field of the answer that names it."""
        reply, key = self.once(what, path, body)
        if not reply.accepted:
            return None
        self.journal.note(Accepted(what, self.id, str(reply.body[subject]), key))
        return reply.body

    def once(self, what: str, path: str, body: Any) -> tuple[Reply, str]:
        key = str(uuid4())
        reply = self.client.post(path, body, key=key)
        if not reply.known:
            self.journal.note(Unknown(what, self.id))
        return reply, key

    def wait(
        self,
        what: str,
        subject: str,
        look: Callable[[], Any],
        *,
        began: float,
        within: float,
        station: str | None = None,
    ) -> Any:
        """Looks until there is something to see, and notes how long it took; None if it did not come."""
        until = now() + within
        while (found := look()) is None:
            if now() > until:
                self.journal.note(Wait(what, began, None, subject, station))
                return None
            time.sleep(LOOK_EVERY)
        self.journal.note(Wait(what, began, now(), subject, station))
        return found
