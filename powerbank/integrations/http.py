"""HTTP to vendors: connections kept, every answer bounded in time and size, every fault one kind of error."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ProtocolError

from powerbank.base import tracing
from powerbank.base.tracing import Kind
from powerbank.integrations.errors import VendorError

TIMEOUT = (3.05, 10.0)
# The time limit of a whole answer: a vendor that sends a byte a second would never meet the one above.
IN_ALL = 20.0
MAX_BYTES = 512 * 1024
PIECE = 16 * 1024


@dataclass(frozen=True)
class Answer:
    vendor: str
    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise VendorError(f"{self.vendor}: {self.status} without JSON") from None

    def object(self) -> dict[str, Any]:
        found = self.json()
        if not isinstance(found, dict):
            raise VendorError(f"{self.vendor}: {self.status} with JSON of another kind")
        return found


class Http:
    """HTTP to one vendor, made once for each process. A session serves one thread only, so each thread has its own."""

    def __init__(self, vendor: str, *, auth: AuthBase | None = None) -> None:
        self.vendor = vendor
        self._auth = auth
        self._of_thread = threading.local()

    def ask(self, method: str, url: str, **given: Any) -> Answer:
        """Ask for something that changes nothing at the vendor. A connection that broke is tried once more."""
        try:
            return self.send(method, url, **given)
        except BrokenOffError:
            return self.send(method, url, **given)

    def send(self, method: str, url: str, *, timeout: tuple[float, float] | None = None, **given: Any) -> Answer:
        """Send a request once, whatever happens: the vendor may have done it although no answer came."""
        with tracing.span(f"{method} {self.vendor}", Kind.CLIENT, {"vendor": self.vendor}):
            answer = self._send(method, url, timeout=timeout or TIMEOUT, **given)
            tracing.note("http.response.status_code", answer.status)
            return answer

    def _send(self, method: str, url: str, *, timeout: tuple[float, float], **given: Any) -> Answer:
        until = time.monotonic() + IN_ALL
        try:
            with self._session().request(
                method, url, timeout=timeout, allow_redirects=False, stream=True, **given
            ) as response:
                return Answer(self.vendor, response.status_code, self._body(response, until), dict(response.headers))
        except (requests.ConnectionError, ProtocolError) as error:
            raise BrokenOffError(f"{self.vendor}: {type(error).__name__}") from None  # its text holds the address
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise VendorError(f"{self.vendor}: {type(error).__name__}") from None

    def _body(self, response: requests.Response, until: float) -> bytes:
        found = b""
        # This reads what has arrived. A full piece would be waited for, however slowly it comes.
        while piece := response.raw.read1(PIECE, decode_content=True):
            found += piece
            if len(found) > MAX_BYTES:
                raise VendorError(f"{self.vendor}: the answer does not end")
            if time.monotonic() > until:
                raise VendorError(f"{self.vendor}: the answer takes too long")
        return found

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
            session.auth = self._auth
            session.headers["User-Agent"] = "powerbank"
        return session


class BrokenOffError(VendorError):
    """The connection was not made, or ended before the answer."""
