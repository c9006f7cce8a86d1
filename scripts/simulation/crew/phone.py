"""The phone of a member: it signs in with the code that came by SMS, and asks the public API."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

CODE = re.compile(r"\b\d{6}\b")
LONGEST_ANSWER = 20.0  # seconds
LONGEST_SMS = 60.0
EXPIRED = "unauthenticated"  # how the API calls an access token whose time is over
LIMITED = 429
BROKEN = 500


class Refused(Exception):  # noqa: N818 (no error of the program)
    """The service refuses this for good, with a code that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unanswered(Exception):  # noqa: N818 (no error of the program)
    """There was no answer, or the service asks to come again."""


class Phone:
    """A phone of one person, for one thread. `read_sms` gives the texts that were sent to a number, newest first.

    It stays signed in when it is switched off, if there is a file to `keep_in`.
    """

    def __init__(
        self, site: str, number: str, read_sms: Callable[[str], list[str]], *, keep_in: Path | None = None
    ) -> None:
        self._site, self._number, self._read_sms, self._keep_in = site, number, read_sms, keep_in
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment has no business with this machine
        self._refresh_token = keep_in.read_text() if keep_in is not None and keep_in.exists() else ""

    def get(self, path: str, **query: Any) -> Any:
        return self._ask_signed_in("GET", path, None, query)

    def post(self, path: str, body: dict[str, Any] | None = None, *, photo: bytes | None = None) -> Any:
        """Post once. Asked again after a new sign-in, it has the same key."""
        if photo is not None:
            return self._ask_signed_in("POST", path, body, None, files={"photo": ("photo.jpg", photo, "image/jpeg")})
        return self._ask_signed_in("POST", path, body or {}, None)

    def sign_in(self) -> None:
        """Ask for a code, read it out of the SMS, and sign in. The person has an account."""
        before = len(self._read_sms(self._number))
        challenge = self._ask("POST", "/api/auth/get-otp", {"identifier": self._number})
        deadline = time.monotonic() + LONGEST_SMS
        while len(texts := self._read_sms(self._number)) <= before:
            if time.monotonic() > deadline:
                raise Unanswered("no SMS with a code")
            time.sleep(0.5)
        found = CODE.search(texts[0])
        if found is None:
            raise Unanswered("no code in the SMS")
        verified = self._ask(
            "POST", "/api/auth/verify-otp", {"challenge_id": challenge["challenge_id"], "code": found[0]}
        )
        self._keep(verified)

    def _ask_signed_in(self, method: str, path: str, body: Any, query: Any, **more: Any) -> Any:
        if not self._refresh_token:
            self.sign_in()
        key = str(uuid4())
        try:
            return self._ask(method, path, body, query=query, key=key, **more)
        except Refused as refused:
            if refused.code != EXPIRED:
                raise
        self._renew()
        return self._ask(method, path, body, query=query, key=key, **more)

    def _renew(self) -> None:
        spent, self._refresh_token = self._refresh_token, ""
        self._session.headers.pop("Authorization", None)
        try:
            self._keep(self._ask("POST", "/api/auth/refresh", {"refresh_token": spent}))
        except Refused:
            self.sign_in()

    def _keep(self, tokens: dict[str, Any]) -> None:
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self._refresh_token = tokens["refresh_token"]
        if self._keep_in is not None:
            new = self._keep_in.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_text(self._refresh_token)
            new.replace(self._keep_in)

    def _ask(self, method: str, path: str, body: Any, *, query: Any = None, key: str = "", files: Any = None) -> Any:
        form = {"data": body, "files": files} if files else {"json": body}
        try:
            answer = self._session.request(
                method,
                self._site + path,
                params=query,
                headers={"Idempotency-Key": key} if key else {},
                timeout=LONGEST_ANSWER,
                allow_redirects=False,
                **form,
            )
            found = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError) as lost:
            raise Unanswered(type(lost).__name__) from None
        if answer.status_code == LIMITED or answer.status_code >= BROKEN:
            raise Unanswered(str(answer.status_code))
        if not answer.ok:
            raise Refused(str(found.get("code", answer.status_code)))
        return found
