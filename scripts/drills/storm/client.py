"""How a phone asks: again after no answer, a 503 or a 429, always with the same key."""

import re
import threading
import time
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import requests

from scripts.drills.storm.journal import Answer, Journal, now

LONGEST_ANSWER = 30.0  # seconds until a phone gives a request up
PAUSE, LONGEST_PAUSE = 0.5, 3.0
PATIENCE = 90.0  # seconds for which it asks again
REFRESH_AFTER = 480.0
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
AGAIN = ("429", "500", "502", "503", "504")


@dataclass(frozen=True)
class Reply:
    """The last answer to a request that may have been sent several times. Without a status there was none."""

    status: int
    body: dict[str, Any]

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def known(self) -> bool:
        """Tell whether it says for certain that the request was accepted or refused."""
        return self.status != 0 and str(self.status) not in AGAIN

    @property
    def code(self) -> str:
        return str(self.body.get("code", self.status))


class Client:
    """For one thread at a time, or guarded as `Staff` is."""

    def __init__(self, url: str, journal: Journal) -> None:
        self._url, self._journal = url, journal
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment has no business with the loopback
        self._refresh_token = ""
        self._signed_in_at = 0.0

    def sign_in(self, tokens: dict[str, Any]) -> None:
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self._refresh_token, self._signed_in_at = tokens["refresh_token"], now()

    def sign_out(self) -> None:
        self._session.headers.pop("Authorization", None)
        self._refresh_token = ""

    def get(self, path: str, **query: Any) -> Reply:
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Reply:
        return self.ask("POST", path, body, key=key or str(uuid4()))

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "", query: Any = None, patience: float = PATIENCE
    ) -> Reply:
        self._renew()
        until, pause = now() + patience, PAUSE
        while True:
            reply = self._once(method, path, body, key, query)
            if reply.known or now() > until:
                return reply
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self, method: str, path: str, body: Any, key: str, query: Any) -> Reply:
        began = now()
        headers = {"Idempotency-Key": key} if key else {}
        try:
            answer = self._session.request(
                method,
                self._url + path,
                json=body,
                headers=headers,
                params=query,
                timeout=LONGEST_ANSWER,
                allow_redirects=False,
            )
            reply = Reply(answer.status_code, answer.json() if answer.content else {})
            outcome = str(answer.status_code)
        except (requests.RequestException, ValueError) as lost:
            reply, outcome = Reply(0, {}), type(lost).__name__
        asked = f"{method} {UUID.sub('{id}', path)}"
        # A long poll is answered when something changes; how long that takes says nothing of the server.
        if not (query and "wait" in query and reply.accepted):
            self._journal.note(Answer(asked, began, now(), outcome))
        if outcome.startswith("5") and outcome != "503":
            self._journal.note(f"{outcome} to {asked}: {reply.body}")
        return reply

    def _renew(self) -> None:
        if self._refresh_token and now() - self._signed_in_at > REFRESH_AFTER:
            spent, self._refresh_token = self._refresh_token, ""
            reply = self.ask("POST", "/api/auth/refresh", {"refresh_token": spent})
            if reply.accepted:
                self.sign_in(reply.body)
            else:
                self._journal.note(f"{reply.status} to a refresh of a sign-in: {reply.body}")


class Staff(Client):
    """The administrator, on whom several riders may call at once."""

    def __init__(self, url: str, journal: Journal, *, email: str, password: str) -> None:
        super().__init__(url, journal)
        self._one_at_a_time = threading.RLock()
        self._account = {"email": email, "password": password}

    def signed_in(self) -> Self:
        self.sign_in(self.done("POST", "/api/admin/auth/login", self._account))
        self._refresh_token = ""  # it signs in anew instead
        return self

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "", query: Any = None, patience: float = PATIENCE
    ) -> Reply:
        with self._one_at_a_time:
            if now() - self._signed_in_at > REFRESH_AFTER and path != "/api/admin/auth/login":
                self.signed_in()
            return super().ask(method, path, body, key=key, query=query, patience=patience)

    def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """For what must succeed before the storm begins."""
        reply = self.ask(method, path, body, key=str(uuid4()) if method == "POST" else "")
        if not reply.accepted:
            raise RuntimeError(f"{method} {path} was answered {reply.status}: {reply.body}")
        return reply.body
