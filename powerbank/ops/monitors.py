"""Who may read how the machinery is, and how often it is worked out."""

import functools
import hmac
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from flask import current_app, request

from powerbank.api.auth import UnauthenticatedError

KEPT_FOR = 5.0  # seconds
# Whoever comes through a proxy has one of these, whatever the proxy is called.
_FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")

T = TypeVar("T")


def monitors_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only who has the monitors' token, or asks from this machine."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not (_shows_the_token() or _asks_from_this_machine()):
            raise UnauthenticatedError
        return view(*args, **kwargs)

    return wrapper


def _shows_the_token() -> bool:
    token = current_app.config["SETTINGS"].monitor_token.get_secret_value()
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(told.strip().encode(), token.encode())


def _asks_from_this_machine() -> bool:
    """By the socket's peer, and not what a proxy says of it: a proxy on this machine stands for the whole world."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    told = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or request.remote_addr
    try:
        address = ipaddress.ip_address(told or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@dataclass
class _Kept:
    lock: Lock = field(default_factory=Lock)
    until: float = 0.0
    value: Any = None


def kept_for_monitors(name: str, make: Callable[[], T]) -> T:
    """What `make` made a few seconds ago, or now: however many ask, it is made once."""
    kept: _Kept = current_app.extensions.setdefault("monitors", {}).setdefault(name, _Kept())
    with kept.lock:
        if time.monotonic() >= kept.until:
            kept.value = make()
            kept.until = time.monotonic() + KEPT_FOR
        value: T = kept.value
        return value
