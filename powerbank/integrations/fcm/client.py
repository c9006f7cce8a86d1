"""Push by FCM, through pyfcm, one client for each process.

pyfcm sleeps as long as a Retry-After says, recurses, repeats ten times, and takes every 404 for a device that is gone.
The adapter below reads the answers first, so that none of that happens: one request, one answer or one error of ours.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from pyfcm import FCMNotification
from requests.adapters import HTTPAdapter

from powerbank.base.clock import utcnow
from powerbank.integrations.errors import VendorError, VendorRefusedError

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TIMEOUT = 10.0
LONGEST_WAIT = 600


@dataclass(frozen=True)
class Push:
    token: str
    title: str
    body: str
    data: Mapping[str, str]
    urgent: bool
    ttl: int  # seconds after which it is of no use
    collapse_key: str | None = None  # a newer one takes the place of an older one


class DeadTokenError(VendorRefusedError):
    """FCM says of the token itself that it is gone or was never one."""


class _ExpiredAccessError(VendorError):
    """Our access token ran out earlier than it said."""


class FcmClient:
    def __init__(self, *, credentials: str, url: str | None = None) -> None:
        """`credentials`: a service account, as JSON or as the path of its file."""
        try:
            self._credentials = _SharedCredentials.from_service_account_info(_read(credentials), scopes=[SCOPE])
        except (OSError, ValueError, TypeError, GoogleAuthError):  # their words would hold the credentials
            raise VendorRefusedError("FCM: the service account cannot be read") from None
        self._fcm = FCMNotification(credentials=self._credentials, adapter=_Adapter())
        if url is not None:
            self._fcm.FCM_END_POINT_BASE = url.rstrip("/")

    def send(self, push: Push) -> str:
        """FCM's name for the message."""
        try:
            return self._send(push)
        except _ExpiredAccessError:
            self._credentials.forget()
            self._fcm.thread_local.token_expiry = 0  # pyfcm keeps the header for half an hour
            return self._send(push)

    def _send(self, push: Push) -> str:
        try:
            # pyfcm would hide what goes wrong here behind "invalid data".
            self._credentials.refresh(Request())
            answer = self._fcm.notify(
                push.token,
                push.title,
                push.body,
                data_payload=dict(push.data),
                android_config=_android(push),
                apns_config=_apns(push),
                timeout=TIMEOUT,
            )
            return str(answer["name"])
        except RefreshError as error:
            if error.retryable:
                raise VendorError("FCM: no access token") from None
            raise VendorRefusedError("FCM: the service account is refused") from None
        except (GoogleAuthError, requests.RequestException) as error:
            raise VendorError(f"FCM: {type(error).__name__}") from None
        except (KeyError, TypeError, ValueError):
            raise VendorError("FCM: an answer without a name") from None


class _SharedCredentials(Credentials):
    """One access token for all threads, fetched within a time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()

    def refresh(self, request: Any) -> None:
        def bounded(*args: Any, **kwargs: Any) -> Any:
            return request(*args, **{**kwargs, "timeout": TIMEOUT})

        with self._lock:
            if not self.valid:
                super().refresh(bounded)

    def forget(self) -> None:
        with self._lock:
            self.token = None


class _Adapter(HTTPAdapter):
    """No repeats of its own, and every answer but a success becomes an error of ours before pyfcm sees it."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        if response.status_code == 200:
            response.headers.pop("Retry-After", None)
            return response
        raise _meaning(response)


def _meaning(response: requests.Response) -> Exception:
    status = response.status_code
    error = _error(response)
    details = [each for each in error.get("details") or () if isinstance(each, dict)]
    codes = {str(each[name]) for each in details for name in ("errorCode", "reason") if name in each}
    said = f"FCM {status} {' '.join(sorted(codes)) or error.get('status') or 'without a code'}"
    if status == 404 and "UNREGISTERED" in codes:
        return DeadTokenError(said)
    if status == 400 and "message.token" in _violated(details):
        return DeadTokenError(said)
    if status == 401 and "ACCESS_TOKEN_EXPIRED" in codes:
        return _ExpiredAccessError(said)
    if status == 429 or status >= 500:
        return VendorError(said, retry_after=_retry_after(response))
    # The rest is about us: a wrong address or project, a service account without the right, a message of a wrong form.
    return VendorRefusedError(said)


def _error(response: requests.Response) -> dict[str, Any]:
    """Google's own error page has none."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _violated(details: list[dict[str, Any]]) -> set[str]:
    violations = [each for detail in details for each in detail.get("fieldViolations") or ()]
    return {str(each.get("field")) for each in violations if isinstance(each, dict)}


def _retry_after(response: requests.Response) -> int | None:
    """Seconds, or a date; within bounds, whatever it says."""
    said = response.headers.get("Retry-After", "")
    try:
        seconds = int(said) if said.isdecimal() else (parsedate_to_datetime(said) - utcnow()).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(0, min(int(seconds), LONGEST_WAIT))


def _android(push: Push) -> dict[str, Any]:
    config: dict[str, Any] = {
        "priority": "high" if push.urgent else "normal",
        "ttl": f"{push.ttl}s",
        "notification": {"channel_id": "urgent" if push.urgent else "general"},
    }
    if push.collapse_key:
        config["collapse_key"] = push.collapse_key
    return config


def _apns(push: Push) -> dict[str, Any]:
    headers = {
        "apns-priority": "10" if push.urgent else "5",
        "apns-push-type": "alert",
        "apns-expiration": str(int(utcnow().timestamp()) + push.ttl),
    }
    if push.collapse_key:
        headers["apns-collapse-id"] = push.collapse_key
    return {"headers": headers, "payload": {"aps": {"sound": "default"}}}


def _read(credentials: str) -> dict[str, Any]:
    text = credentials if credentials.lstrip().startswith("{") else Path(credentials).read_text(encoding="utf-8")
    return dict(json.loads(text))
