"""Answer orchestrators, load balancers and monitors, and decide who of them may ask."""

import functools
import hmac
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST

from powerbank.api import rate_limits
from powerbank.api.auth import UnauthenticatedError
from powerbank.api.openapi import Blueprint
from powerbank.ops import metrics, queries, readiness
from powerbank.ops.schemas import LiveSchema, QueueHealthSchema, ReadySchema

ANSWERS_CACHED_SECONDS = 5.0
# Whoever comes through a proxy has one of these, whatever the proxy is called.
_FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")

T = TypeVar("T")

blueprint = Blueprint("Health", __name__, description="For orchestrators and monitors.")


def init_app(app: Flask) -> None:
    """Measure every request."""

    @app.before_request
    def begin() -> None:
        g.measured_from = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        seconds = time.perf_counter() - g.measured_from if "measured_from" in g else None
        metrics.count_request(request.method, route, response.status_code, seconds)
        return response


def monitors_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in only whoever shows the monitors' token, or asks from this machine."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not (_shows_monitor_token() or _asks_from_this_machine()):
            raise UnauthenticatedError
        return view(*args, **kwargs)

    return wrapper


@blueprint.get("/health/live")
@blueprint.response(200, LiveSchema)
def live() -> dict[str, str]:
    """The process is up"""
    return {"status": "live"}


@blueprint.get("/health/ready")
@blueprint.response(200, ReadySchema)
@blueprint.alt_response(503, schema=ReadySchema)
def ready() -> tuple[dict[str, Any], int]:
    """The database answers and has at least the migrations of this code

    Without Redis the answer is `degraded` and still 200: requests succeed, their jobs wait in PostgreSQL. So it is
    while sign-ins cannot be counted.
    """
    checks = {
        "database": readiness.read_database_state(),
        "redis": readiness.read_redis_state(),
        "rate_limits": rate_limits.check_state(),
    }
    if checks["database"] not in readiness.FIT:
        return {"status": "unavailable", "checks": checks}, 503
    fine = checks["redis"] == checks["rate_limits"] == "ok"
    return {"status": "ready" if fine else "degraded", "checks": checks}, 200


@blueprint.get("/health/queues")
@monitors_only
@blueprint.response(200, QueueHealthSchema)
@blueprint.alt_response(503, schema=QueueHealthSchema)
def queues() -> tuple[queries.QueueHealth, int]:
    """Workers, waiting jobs and alerts

    For who asks from this machine, or shows `MONITOR_TOKEN` as a bearer token. An answer is good for 5 s.
    """
    health = _keep_answer("queues", queries.read_queue_health)
    health = replace(health, alerts=[_hide_account(each) for each in health.alerts])
    return health, 503 if health.status == "unhealthy" else 200


@blueprint.get("/metrics")
@monitors_only
@blueprint.response(200, content_type="text/plain", schema={"type": "string"})
def prometheus() -> Response:
    """Metrics for Prometheus

    For who asks from this machine, or shows `MONITOR_TOKEN` as a bearer token. An answer is good for 5 s.
    """
    return Response(_keep_answer("metrics", metrics.render_metrics), content_type=CONTENT_TYPE_LATEST)


def _hide_account(problem: queries.Problem) -> queries.Problem:
    """Say nothing of whose account differs: staff read that in their notice and in the ledger's reconciliation."""
    return replace(problem, detail="the books differ") if problem.kind == "ledger_mismatch" else problem


def _shows_monitor_token() -> bool:
    token = current_app.config["SETTINGS"].monitor_token.get_secret_value()
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())


def _asks_from_this_machine() -> bool:
    """Judge by the socket's peer and not by what a proxy says: a proxy on this machine stands for the whole world."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or request.remote_addr
    try:
        address = ipaddress.ip_address(peer or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@dataclass
class _CachedAnswer:
    lock: Lock = field(default_factory=Lock)
    until: float = 0.0
    value: Any = None


def _keep_answer(name: str, make: Callable[[], T]) -> T:
    """Give the answer of a few seconds ago, or make it now: however many ask, it is made once."""
    cached: _CachedAnswer = current_app.extensions.setdefault("monitors", {}).setdefault(name, _CachedAnswer())
    with cached.lock:
        if time.monotonic() >= cached.until:
            cached.value = make()
            cached.until = time.monotonic() + ANSWERS_CACHED_SECONDS
        value: T = cached.value
        return value
