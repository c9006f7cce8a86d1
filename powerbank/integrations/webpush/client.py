"""Pushes to browsers, through the push service that each browser chose.

A browser names the address, so it is a stranger's: it must lead to a push service that we know, by https, and the
connection goes to an address of the public internet that was looked at before.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from powerbank.integrations.callbacks.client import PublicPosts, Received
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.http import Http
from powerbank.integrations.webpush.encryption import (
    AUTH_BYTES,
    LARGEST_MESSAGE,
    BrowserKeys,
    encrypt_message,
    read_point,
)
from powerbank.integrations.webpush.errors import BadSubscriptionError, DeadSubscriptionError
from powerbank.integrations.webpush.vapid import Signer, decode

POINT_BYTES = 65
LONGEST_WAIT = 600
LONGEST_ENDPOINT = 1000
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True)
class BrowserPush:
    endpoint: str
    keys: Mapping[str, str]
    content: Mapping[str, Any]  # what the page's worker is given, as JSON
    urgent: bool
    ttl: int  # seconds after which it is of no use
    topic: str | None = None  # a newer push with this topic takes the place of an older one


class WebPushClient:
    """The client of a process. `sandbox_url` is the push service that development plays, which is on this machine."""

    def __init__(
        self, *, signer: Signer, hosts: Iterable[str], sandbox_url: str | None = None, posts: PublicPosts | None = None
    ) -> None:
        self.signer = signer
        self._posts = posts or PublicPosts(hosts=hosts)
        self._sandbox_url = sandbox_url.rstrip("/") + "/" if sandbox_url else None
        self._http = Http("Web Push")

    def check(self, endpoint: str, keys: Mapping[str, str]) -> None:
        """Refuse a subscription that can never get a push."""
        if len(endpoint) > LONGEST_ENDPOINT:
            raise BadSubscriptionError("is too long")
        read_keys(keys)
        if self._is_sandbox(endpoint):
            return
        try:
            self._posts.check(endpoint)
        except CallbackRefusedError as refused:
            raise BadSubscriptionError(str(refused)) from None

    def send(self, push: BrowserPush) -> str | None:
        """Send a push, and return the push service's name for the message, if it gives one."""
        content = json.dumps(push.content, ensure_ascii=False).encode()
        if len(content) > LARGEST_MESSAGE:
            raise VendorRefusedError("Web Push: the message is too long")
        try:
            body = encrypt_message(content, read_keys(push.keys))
        except BadSubscriptionError:
            raise DeadSubscriptionError("Web Push: the keys of the browser cannot be read") from None
        return _read_answer(self._post(push.endpoint, body, self._headers(push)))

    def _headers(self, push: BrowserPush) -> dict[str, str]:
        headers = {
            "Authorization": self.signer.authorization_for(push.endpoint),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(push.ttl),
            "Urgency": "high" if push.urgent else "normal",
        }
        if push.topic and _TOPIC.fullmatch(push.topic):
            headers["Topic"] = push.topic
        return headers

    def _post(self, endpoint: str, body: bytes, headers: dict[str, str]) -> Received:
        if self._is_sandbox(endpoint):
            answer = self._http.send("POST", endpoint, data=body, headers=headers)
            return Received(answer.status, answer.headers)
        try:
            return self._posts.post(endpoint, body, headers)
        except CallbackRefusedError as refused:
            raise VendorRefusedError(f"Web Push: {refused}") from None
        except VendorError as error:
            raise VendorError(str(error).replace("callback", "Web Push", 1)) from None

    def _is_sandbox(self, endpoint: str) -> bool:
        return self._sandbox_url is not None and endpoint.startswith(self._sandbox_url)


def read_keys(keys: Mapping[str, str]) -> BrowserKeys:
    """Read the keys of a subscription, and refuse what is no point of the curve or no secret."""
    try:
        read = BrowserKeys(decode(keys["p256dh"], length=POINT_BYTES), decode(keys["auth"], length=AUTH_BYTES))
        read_point(read.p256dh)
    except (KeyError, ValueError):
        raise BadSubscriptionError("has keys that are none") from None
    return read


def _read_answer(answer: Received) -> str | None:
    """Return the name of the message, or raise what the answer means for a repeat."""
    text = f"Web Push: {answer.status}"
    if 200 <= answer.status < 300:
        return answer.headers.get("Location")
    if answer.status in (404, 410):
        raise DeadSubscriptionError(text)
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise VendorError(text, retry_after=_read_retry_after(answer.headers))
    # All others are mistakes of ours: a wrong signature, a key that the browser did not subscribe with, a long message.
    raise VendorRefusedError(text)


def _read_retry_after(headers: Mapping[str, str]) -> int | None:
    value = headers.get("Retry-After", "")
    return min(int(value), LONGEST_WAIT) if value.isdecimal() else None
