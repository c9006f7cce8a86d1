"""Stripe's events, and the signed webhooks that carry them."""

import copy
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any

from scripts.sandbox.payments import Call
from scripts.sandbox.vendor import World

API_VERSION = "2026-10-28.endive"
# Fault: how far the signature's time is from now.
OFF = {"webhook_old": -3600, "webhook_future": 3600}

Object = dict[str, Any]


class Events:
    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._kept: list[Object] = []
        self.webhook_url = world.accounts.stripe_webhook_url

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self.webhook_url = self._world.accounts.stripe_webhook_url

    def add(self, kind: str, about: Mapping[str, Any]) -> Object:
        """The object is as it was at that moment, however late the event arrives."""
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": copy.deepcopy(dict(about))},
            "livemode": False,
            "pending_webhooks": 1 if self.webhook_url else 0,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        with self._lock:
            self._kept.append(event)
        return event

    def newest_first(self) -> list[Object]:
        with self._lock:
            return self._kept[::-1]

    def calls(self, events: list[Object], repeat: int = 1) -> list[Call]:
        if not self.webhook_url or not events:
            return []
        ids = [event["id"] for event in events]
        if self._world.faults.take("stripe", ["webhook_lost"], ids):
            return []
        if self._world.faults.take("stripe", ["webhooks_reversed"], ids):
            events = events[::-1]
        if self._world.faults.take("stripe", ["webhooks_doubled"], ids):
            repeat *= 2
        wrong = self._world.faults.take("stripe", ["webhook_forged", *OFF], ids)
        fault = wrong.fault if wrong else ""
        secret = "whsec_of_somebody_else" if fault == "webhook_forged" else self._world.accounts.stripe_webhook_secret
        moment = int(time.time()) + OFF.get(fault, 0)
        return [self._call(event, secret, moment) for _ in range(repeat) for event in events]

    def _call(self, event: Object, secret: str, moment: int) -> Call:
        body = json.dumps(event, indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(body, secret, moment),
        }
        return Call(self.webhook_url, "POST", headers, body)


def signature(body: bytes, secret: str, moment: int) -> str:
    return f"t={moment},v1={hmac.new(secret.encode(), f'{moment}.'.encode() + body, 'sha256').hexdigest()}"


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"
