"""The only module that leans on the inside of pyfcm, which is version 2.1.1.

pyfcm sleeps as long as a Retry-After says, calls itself again, repeats a request up to ten times, and takes every 404
for a device that is gone. It has no settings for this, nor for Google's address or the life of its access token. So an
adapter below it raises an error of ours before pyfcm sees any answer but a success, and three of its insides are used:
`FCM_END_POINT_BASE`, `thread_local.token_expiry`, and the credentials and the adapter that its constructor takes.

`tests/integrations/fcm/test_pyfcm_adapter.py` fails when one of them changes.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import requests
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from pyfcm import FCMNotification
from requests.adapters import HTTPAdapter

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TIMEOUT = 10.0


class Pyfcm:
    """One request, and one answer or one error of ours."""

    def __init__(
        self,
        service_account: Mapping[str, Any],
        *,
        url: str | None,
        error_of: Callable[[requests.Response], Exception],
    ) -> None:
        self._credentials = _SharedCredentials.from_service_account_info(service_account, scopes=[SCOPE])
        self._fcm = FCMNotification(credentials=self._credentials, adapter=_Adapter(error_of))
        if url is not None:
            self._fcm.FCM_END_POINT_BASE = url.rstrip("/")

    def notify(self, *arguments: Any, **options: Any) -> Any:
        # Refreshed here, because pyfcm hides what goes wrong with it behind "invalid data".
        self._credentials.refresh(Request())
        return self._fcm.notify(*arguments, **options, timeout=TIMEOUT)

    def forget_access_token(self) -> None:
        self._credentials.forget()
        self._fcm.thread_local.token_expiry = 0  # pyfcm keeps the header for half an hour


class _SharedCredentials(Credentials):
    """One access token for all threads, fetched within a time limit."""

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
    """It repeats nothing, and turns every answer but a success into an error of ours before pyfcm sees it."""

    def __init__(self, error_of: Callable[[requests.Response], Exception]) -> None:
        super().__init__(max_retries=0)
        self._error_of = error_of

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        if response.status_code == 200:
            response.headers.pop("Retry-After", None)
            return response
        raise self._error_of(response)
