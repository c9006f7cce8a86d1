"""Stripe's v1 idempotency: the first status and body are kept, be they a 500; other parameters are an error."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from flask import Response, jsonify, request

from scripts.sandbox.vendors.stripe.params import StripeError

MAX_KEY = 255


@dataclass
class Kept:
    parameters: str
    status: int = 0  # 0 while the first request is under way
    body: bytes = b""


class Idempotency:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def once(self, view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def answer(**values: str) -> Response:
            key = request.headers.get("Idempotency-Key")
            if not key:
                return view(**values)
            if len(key) > MAX_KEY:
                raise StripeError(f"The idempotency key may have {MAX_KEY} characters.", kind="idempotency_error")
            replayed = self._begin(key, fingerprint())
            if replayed:
                return replayed
            try:
                response = view(**values)
            except StripeError as problem:
                if not problem.executed:
                    self._forget(key)
                    raise
                response = jsonify(problem.body)
                response.status_code = problem.status
            except BaseException:
                self._forget(key)
                raise
            self._keep(key, response)
            return response

        return answer

    def _begin(self, key: str, parameters: str) -> Response | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                self._kept[key] = Kept(parameters)
                return None
            if kept.parameters != parameters:
                said = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                raise StripeError(said, kind="idempotency_error")
            if kept.status == 0:
                said = "There is currently another in-progress request using this Idempotent Key."
                raise StripeError(said, status=409, kind="idempotency_error", code="idempotency_key_in_use")
            response = Response(kept.body, kept.status, content_type="application/json")
        response.headers["Idempotent-Replayed"] = "true"
        return response

    def _keep(self, key: str, response: Response) -> None:
        with self._lock:
            kept = self._kept.get(key)
            if kept:
                kept.status, kept.body = response.status_code, response.get_data()

    def _forget(self, key: str) -> None:
        with self._lock:
            self._kept.pop(key, None)


def fingerprint() -> str:
    given = [request.method, request.path, *sorted(f"{name}={value}" for name, value in request.form.items())]
    return hashlib.sha256("\n".join(given).encode()).hexdigest()
