"""Give a random walk through payments its parts: requests and jobs that may be killed, and a gateway to ask."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import requests
from flask import Flask
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import text

from jobs.worker import runtime
from powerbank.api.auth import Staff
from powerbank.auth.staff.models import StaffMember
from powerbank.base.db import db, transaction
from powerbank.base.errors import AppError
from powerbank.integrations.errors import VendorError
from powerbank.payments.models import PaymentIntent
from scripts.sandbox import Sandbox
from tests.dying import Mortality

Crash = int | None
Opened = tuple[UUID, str, str]  # the intent, its gateway, and the gateway's name for it
# These jobs come by themselves. Jobs that send notices have tests of their own.
JOBS = """
    SELECT id, job FROM outbox_jobs WHERE state = 'open' AND queue = 'payments' AND job <> 'expire_payment_intent'
     ORDER BY id
"""


class PaymentsMachine(RuleBasedStateMachine):
    app: Flask
    sandbox: Sandbox
    mortality: Mortality
    staff: StaffMember

    def act(self, do: Callable[[], Any], crash: Crash = None) -> Any:
        """Do what a request or a job does, and return its result, or None if it was refused or killed."""
        done = None
        try:
            with self.mortality.within(crash):
                done = do()
        except (AppError, VendorError):
            db.session.rollback()
        return done

    def in_transaction(self, do: Callable[[], Any], crash: Crash = None) -> Any:
        def whole() -> Any:
            with transaction():
                return do()

        return self.act(whole, crash)

    def work(self, crash: Crash = None) -> None:
        """Run each job once. A killed one is open again at once, as it would be after its lease."""
        with transaction() as session:
            session.execute(
                text(
                    "UPDATE outbox_jobs SET claimed_by = NULL, lease_until = now(), run_after = now()"
                    " WHERE state = 'open'"
                )
            )
            session.execute(text("UPDATE payment_intents SET poll_at = now() WHERE poll_at IS NOT NULL"))
        for row in db.session.execute(text(JOBS)).all():
            db.session.rollback()
            with self.mortality.within(crash):
                runtime.run(row.job, str(row.id), worker="w")
            crash = None

    def happens(self, intent: Opened | None, outcome: str, **more: Any) -> bool:
        if intent is None:
            return False
        _, gateway, reference = intent
        url = f"{self.sandbox.url}/api/gateways/{gateway}/payments/{reference}/outcome"
        return requests.post(url, json={"outcome": outcome, **more}, timeout=20).status_code == 200

    def is_poll(self, job_id: UUID) -> bool:
        name = db.session.scalar(text("SELECT job FROM outbox_jobs WHERE id = :id"), {"id": job_id})
        return name == "poll_pending_payment"

    def gone_back(self, intent: PaymentIntent) -> int:
        known = self.sandbox.world.gateways.get(intent.gateway)
        assert known is not None
        if intent.gateway == "khalti":
            return int(known._kept[intent.reference].refunded)  # type: ignore[attr-defined]
        charge = next(
            each
            for each in known.objects.values()  # type: ignore[attr-defined]
            if each["object"] == "charge" and each["payment_intent"] == intent.payment_id
        )
        lost = sum(
            each["amount"]
            for each in known.objects.values()  # type: ignore[attr-defined]
            if each["object"] == "dispute" and each["charge"] == charge["id"] and each["status"] != "won"
        )
        return min(int(charge["amount_refunded"]) + lost, intent.amount)

    def member(self) -> Staff:
        return cast(Staff, self.staff)

    def disputed(self, reference: str) -> bool:
        known = self.sandbox.world.gateways.get("stripe")
        payment = known.objects[reference]["payment_intent"]  # type: ignore[union-attr]
        found = known.objects.values()  # type: ignore[union-attr]
        return any(each["object"] == "dispute" and each["payment_intent"] == payment for each in found)

    def events(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.sandbox.accounts.stripe_secret}"}
        told: list[dict[str, Any]] = []
        while True:  # a fault may be waiting for whoever comes first
            page = {"limit": 100} | ({"starting_after": told[-1]["id"]} if told else {})
            try:
                found = requests.get(f"{self.sandbox.url}/stripe/v1/events", params=page, headers=headers, timeout=10)
            except requests.RequestException:
                continue
            if found.status_code == 200:
                told += found.json()["data"]
                if not found.json()["has_more"]:
                    return told[::-1]
