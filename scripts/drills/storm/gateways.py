"""The sandbox as a rider and the checker meet it: payment pages, received messages, what was paid and given back. None
of it is written down in the journal, for the vendors are not what is tried."""

import time
from typing import Any

import requests

TIMEOUT = 20.0
PATIENCE = 120.0
PAUSE = 0.5


class Sandbox:
    def __init__(self, url: str) -> None:
        self._url = url

    def pay(self, intent: dict[str, Any], *, notify: bool, patience: float = PATIENCE) -> str:
        """What a person does on the gateway's page. The payment's name at the gateway."""
        gateway = intent["gateway"]
        if gateway == "esewa":
            form = intent["form"]
            payment_id = str(form["fields"]["transaction_uuid"])
            # A second try finds that the first was heard: eSewa calls that a duplicate, with a 400.
            self._until_answered("POST", form["action"], patience, taken=(303, 400), data=form["fields"])
        else:
            payment_id = str(intent["payment_url"]).rpartition("/")[2]
        path = f"/api/gateways/{gateway}/payments/{payment_id}/outcome"
        body = {"outcome": "completed", "notify": notify}
        self._until_answered("POST", self._url + path, patience, taken=(200,), json=body)
        return payment_id

    def messages(self, to: str) -> list[dict[str, Any]]:
        """SMS, newest first."""
        answer = self._ask("GET", f"{self._url}/api/messages", params={"channel": "sms", "to": to})
        return list(answer.json()["items"]) if answer is not None and answer.status_code == 200 else []

    def payments(self) -> dict[str, dict[str, Any]]:
        """All that the gateways know, by the payment's name there."""
        answer = self._until_answered(
            "GET", f"{self._url}/api/payments", PATIENCE, taken=(200,), params={"limit": 10**6}
        )
        return {each["id"]: each for each in answer.json()["items"]}

    def fault(self, vendor: str, fault: str, *, times: int | None = None, seconds: float | None = None) -> None:
        body = {"vendor": vendor, "fault": fault, "times": times, "seconds": seconds}
        answer = self._until_answered("POST", f"{self._url}/api/faults", PATIENCE, taken=(201, 400), json=body)
        if answer.status_code == 400:
            raise ValueError(answer.text)

    def behave(self) -> None:
        self._until_answered("DELETE", f"{self._url}/api/faults", PATIENCE, taken=(204,))

    def _until_answered(
        self, method: str, url: str, patience: float, *, taken: tuple[int, ...], **more: Any
    ) -> requests.Response:
        until = time.monotonic() + patience
        while True:
            answer = self._ask(method, url, **more)
            if answer is not None and answer.status_code in taken:
                return answer
            if time.monotonic() > until:
                said = "nothing" if answer is None else f"{answer.status_code}: {answer.text[:200]}"
                raise TimeoutError(f"{method} {url} was answered {said}")
            time.sleep(PAUSE)

    def _ask(self, method: str, url: str, **more: Any) -> requests.Response | None:
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **more)
        except requests.RequestException:
            return None
