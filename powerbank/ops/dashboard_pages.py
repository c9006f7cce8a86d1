"""rq-dashboard at /ops/rq/, for staff only.

The guard stands first in the blueprint's own chain, so that its static files are covered too. Its POSTs carry
no CSRF token: they must come from this very site, which browsers say in Sec-Fetch-Site, or else in Origin.

Its requeue buttons would put a message back of which the outbox says that it is dead, and would write it with
pickle. Ours take their place: a dead letter gets its fresh start in PostgreSQL.
"""

import contextlib
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import rq_dashboard
from flask import Flask, abort, current_app, jsonify, request
from redis.exceptions import ResponseError
from rq import requeue_job
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq_dashboard import web
from werkzeug import Response

from powerbank.admin.console_session import page_staff, redirect_unless_admitted
from powerbank.api.problems import problem
from powerbank.base import audit
from powerbank.base.db import transaction
from powerbank.base.errors import AppError, ConflictError
from powerbank.base.redis_clients import queue_redis
from powerbank.ops import services
from powerbank.outbox.wire import forget_message

blueprint = rq_dashboard.blueprint

# What the parts of its addresses may be. Its views, and RQ under them, answer 500 to anything else.
_PARTS = {
    "instance_number": re.compile(r"0"),
    "registry_name": re.compile(r"queued|failed|deferred|started|finished|scheduled|canceled"),
    "order": re.compile(r"asc|dsc"),
    "per_page": re.compile(r"[1-9][0-9]{0,2}", re.ASCII),
    "page": re.compile(r"[1-9][0-9]{0,8}", re.ASCII),
    "job_id": re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII),
}


def init_app(app: Flask) -> None:
    web.config.serializer = JSONSerializer
    app.config["RQ_DASHBOARD_REDIS_URL"] = [app.config["SETTINGS"].redis_url]
    # One of our connections instead of the one that rq-dashboard would open while the application starts.
    blueprint.before_request_funcs[None] = [_guard, _refuse_odd_addresses, _use_our_redis]
    app.register_blueprint(blueprint, url_prefix="/ops/rq")
    app.view_functions["rq_dashboard.requeue_job_view"] = _requeue
    app.view_functions["rq_dashboard.requeue_all"] = _requeue_all


def _guard() -> Response | None:
    elsewhere = redirect_unless_admitted()
    if elsewhere is not None:
        return elsewhere
    # One of its addresses changes things by GET as well.
    acts = request.method == "POST" or request.endpoint == "rq_dashboard.requeue_all"
    page_staff("system.operate" if acts else "system.read")
    if acts and not _from_this_site():
        abort(403)
    return None


def _refuse_odd_addresses() -> None:
    for name, value in (request.view_args or {}).items():
        if name in _PARTS and value is not None and not _PARTS[name].fullmatch(str(value)):
            abort(404)


@blueprint.errorhandler(NoSuchJobError)
@blueprint.errorhandler(InvalidJobOperation)
@blueprint.errorhandler(ResponseError)
def _gone(error: Exception) -> Response:
    """Messages go when their time is over, while somebody still looks at the page that names them."""
    return problem(404, "not_found", "Redis knows no such job or queue any more.")


def _requeue(job_id: str) -> Response:
    _give_fresh_start(job_id)
    return jsonify(status="OK")


def _requeue_all(queue_name: str) -> Response:
    registry = FailedJobRegistry(queue_name, connection=queue_redis(), serializer=JSONSerializer)
    count = 0
    for message_id in registry.get_job_ids(cleanup=False):
        with contextlib.suppress(ConflictError):  # a job that nobody knows any more stays where it is
            try:
                _give_fresh_start(message_id)
                count += 1
            except NoSuchJobError:
                registry.remove(message_id)
    return jsonify(status="OK", count=count)


def _give_fresh_start(message_id: str) -> None:
    try:
        outbox_id = UUID(message_id.rpartition("-")[0])
    except ValueError:  # a job that may be lost: Redis is all there is of it
        requeue_job(message_id, connection=queue_redis(), serializer=JSONSerializer)
        return
    try:
        with transaction():
            services.requeue_dead_letter(outbox_id)
            audit.by_staff("job.requeue", "job", outbox_id)
    except AppError as refused:
        if refused.code == "job_unknown":
            raise
        forget_message(message_id)  # an attempt that failed, of a job that went on: nothing to requeue


def _use_our_redis() -> None:
    current_app.redis_conn = queue_redis()  # type: ignore[attr-defined]


def _from_this_site() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin: Any = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return bool(urlsplit(origin).netloc == request.host)
