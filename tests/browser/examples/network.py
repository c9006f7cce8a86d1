"""What an author does beside the app: reads SMS, pays, takes a power bank back to its station, and is staff."""

import json
import re
import urllib.request
from typing import Any

from tests.nursery import wait_until


class Network:
    def __init__(self, base: int, *, email: str, password: str) -> None:
        self.url, self.sandbox, self.stations = (f"http://127.0.0.1:{base + more}" for more in (0, 25, 27))
        signed_in = self.ask("POST", "/api/admin/auth/login", {"email": email, "password": password})
        self._staff = {"Authorization": f"Bearer {signed_in['access_token']}"}

    def ask(self, method: str, path: str, body: Any = None, *, at: str | None = None, **headers: str) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request((at or self.url) + path, sent, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.loads(answer.read() or "null")

    def set(self, key: str, value: Any) -> None:
        """Change the configuration, as staff."""
        self.ask("PATCH", f"/api/admin/config/{key}", {"value": value}, **self._staff)

    def code_for(self, phone: str) -> str:
        """Read the one-time code of the last SMS to a number."""
        number = phone.removeprefix("+977")
        wait_until(lambda: bool(self.messages("sms", number)), 15, f"an SMS to {number}")
        found = re.search(r"\b\d{6}\b", self.messages("sms", number)[0]["body"])
        assert found
        return found[0]

    def messages(self, channel: str, to: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.ask("GET", f"/api/messages?channel={channel}&to={to}", at=self.sandbox)[
            "items"
        ]
        return items

    def pay(self, gateway: str, payment: str) -> None:
        """Press Pay on the gateway's page, without coming back to the app."""
        self.ask(
            "POST", f"/api/gateways/{gateway}/payments/{payment}/outcome", {"outcome": "completed"}, at=self.sandbox
        )

    def bring_back(self, rental: dict[str, Any]) -> None:
        """Put the power bank of a rental into its station."""
        for station in self.ask("GET", "/api/stations?limit=50", at=self.stations)["items"]:
            if station["sn"] == rental["station"]["sn"]:
                serial = {"serial": rental["powerbank_sn"]}
                self.ask("POST", f"/api/stations/{station['imei']}/return", serial, at=self.stations)
