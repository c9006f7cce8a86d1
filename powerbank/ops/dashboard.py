"""rq-dashboard at /ops/rq/, for staff only.

The guard stands first in the blueprint's own chain, so that its static files are covered too. Its POSTs carry
no CSRF token: they must come from this very site, which browsers say in Sec-Fetch-Site, or else in Origin.
"""

from typing import Any
from urllib.parse import urlsplit

import rq_dashboard
from flask import Flask, abort, current_app, redirect, request, url_for
from rq.serializers import JSONSerializer
from rq_dashboard import web
from werkzeug import Response

from powerbank.admin.console import signed_in_staff
from powerbank.redis_clients import queue_redis

blueprint = rq_dashboard.blueprint


def init_app(app: Flask) -> None:
    web.config.serializer = JSONSerializer
    app.config["RQ_DASHBOARD_REDIS_URL"] = [app.config["SETTINGS"].redis_url]
    # One of our connections instead of the one that rq-dashboard would open while the application starts.
    blueprint.before_request_funcs[None] = [_guard, _use_our_redis]
    app.register_blueprint(blueprint, url_prefix="/ops/rq")


def _guard() -> Response | None:
    staff = signed_in_staff()
    if staff is None:
        return redirect(url_for("console.login", next=request.path))
    if not staff.may("system.operate" if request.method == "POST" else "system.read"):
        abort(403)
    if request.method == "POST" and not _from_this_site():
        abort(403)
    return None


def _use_our_redis() -> None:
    current_app.redis_conn = queue_redis()  # type: ignore[attr-defined]


def _from_this_site() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin: Any = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return bool(urlsplit(origin).netloc == request.host)
