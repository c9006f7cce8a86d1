"""Pushes by FCM, through pyfcm, with one client for each process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError

from powerbank.base.clock import utcnow
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.fcm.errors import DeadTokenError, ExpiredAccessError
from powerbank.integrations.fcm.pyfcm_adapter import Pyfcm

LONGEST_WAIT = 600


@dataclass(frozen=True)
class Push:
    token: str
    title: str
    body: str
    data: Mapping[str, str]
    urgent: bool
    ttl: int  # seconds after which it is of no use
    collapse_key: str | None = None  # a newer push with this key takes the place of an older one


class FcmClient:
    def __init__(self, *, credentials: str, url: str | None = None) -> None:
        """Take a service account, as JSON or as the path of its file."""
        try:
            self._pyfcm = Pyfcm(_read_service_account(credentials), url=url, error_of=_error_of_answer)
        except (OSError, ValueError, TypeError, GoogleAuthError):  # their texts would hold the credentials
            raise VendorRefusedError("FCM: the service account cannot be read") from None

    def send(self, push: Push) -> str:
        """Send the push, and return FCM's name for the message."""
        try:
            return self._send(push)
        except ExpiredAccessError:
            self._pyfcm.forget_access_token()
            return self._send(push)

    def _send(self, push: Push) -> str:
        try:
            answer = self._pyfcm.notify(
                push.token,
                push.title,
                push.body,
                data_payload=dict(push.data),
                android_config=_make_android_config(push),
                apns_config=_make_apns_config(push),
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


def _error_of_answer(response: requests.Response) -> Exception:
    """Make the error that an answer means, which says whether the same push may succeed later."""
    status = response.status_code
    error = _read_error(response)
    details = [each for each in error.get("details") or () if isinstance(each, dict)]
    codes = {str(each[name]) for each in details for name in ("errorCode", "reason") if name in each}
    text = f"FCM {status} {' '.join(sorted(codes)) or error.get('status') or 'without a code'}"
    if status == 404 and "UNREGISTERED" in codes:
        return DeadTokenError(text)
    if status == 400 and "message.token" in _find_violated_fields(details):
        return DeadTokenError(text)
    if status == 401 and "ACCESS_TOKEN_EXPIRED" in codes:
        return ExpiredAccessError(text)
    if status == 429 or status >= 500:
        return VendorError(text, retry_after=_read_retry_after(response))
    # All others are mistakes of ours: a wrong address or project, a service account without the right, a wrong message.
    return VendorRefusedError(text)


def _read_error(response: requests.Response) -> dict[str, Any]:
    """Read the error from the body. Google's own error page has none."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _find_violated_fields(details: list[dict[str, Any]]) -> set[str]:
    violations = [each for detail in details for each in detail.get("fieldViolations") or ()]
    return {str(each.get("field")) for each in violations if isinstance(each, dict)}


def _read_retry_after(response: requests.Response) -> int | None:
    """Read the seconds to wait, which come as a number or a date, and keep them within bounds."""
    value = response.headers.get("Retry-After", "")
    try:
        seconds = int(value) if value.isdecimal() else (parsedate_to_datetime(value) - utcnow()).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(0, min(int(seconds), LONGEST_WAIT))


def _make_android_config(push: Push) -> dict[str, Any]:
    config: dict[str, Any] = {
        "priority": "high" if push.urgent else "normal",
        "ttl": f"{push.ttl}s",
        "notification": {"channel_id": "urgent" if push.urgent else "general"},
    }
    if push.collapse_key:
        config["collapse_key"] = push.collapse_key
    return config


def _make_apns_config(push: Push) -> dict[str, Any]:
    headers = {
        "apns-priority": "10" if push.urgent else "5",
        "apns-push-type": "alert",
        "apns-expiration": str(int(utcnow().timestamp()) + push.ttl),
    }
    if push.collapse_key:
        headers["apns-collapse-id"] = push.collapse_key
    return {"headers": headers, "payload": {"aps": {"sound": "default"}}}


def _read_service_account(credentials: str) -> dict[str, Any]:
    text = credentials if credentials.lstrip().startswith("{") else Path(credentials).read_text(encoding="utf-8")
    return dict(json.loads(text))
