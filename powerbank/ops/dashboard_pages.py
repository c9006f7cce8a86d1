"""rq-dashboard at /ops/rq/, for staff only.

This module alone leans on the inside of rq-dashboard 0.9.0, which has no settings for what we need:

- its chain of `before_request`, where our guard stands first, so that static files are covered too, and where the Redis
  of ours takes the place of the connection that it would open;
- the names of its two views that requeue. They would put back a message although the outbox says that its job is dead,
  and would write it with pickle. In our views a dead letter gets its fresh start in PostgreSQL;
- its serializer, which is pickle until it is changed;
- the arguments of its addresses, to all of which its views answer 500 if they are odd.

Its POSTs carry no CSRF token. So they must come from this very site, which browsers say in Sec-Fetch-Site or in Origin.
`tests/ops/test_dashboard_pages.py` fails when the inside changes.
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

# What the arguments of its addresses may be. Its views, and RQ under them, answer 500 to anything else.
ARGUMENTS = {
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
    blueprint.before_request_funcs[None] = [_guard, _refuse_wrong_arguments, _use_our_redis]
    app.register_blueprint(blueprint, url_prefix="/ops/rq")
    app.view_functions["rq_dashboard.requeue_job_view"] = _requeue_job
    app.view_functions["rq_dashboard.requeue_all"] = _requeue_queue


def _guard() -> Response | None:
    elsewhere = redirect_unless_admitted()
    if elsewhere is not None:
        return elsewhere
    # One of its addresses also changes things by GET.
    acts = request.method == "POST" or request.endpoint == "rq_dashboard.requeue_all"
    page_staff("system.operate" if acts else "system.read")
    if acts and not _from_this_site():
        abort(403)
    return None


def _refuse_wrong_arguments() -> None:
    for name, value in (request.view_args or {}).items():
        if name in ARGUMENTS and value is not None and not ARGUMENTS[name].fullmatch(str(value)):
            abort(404)


@blueprint.errorhandler(NoSuchJobError)
@blueprint.errorhandler(InvalidJobOperation)
@blueprint.errorhandler(ResponseError)
def _answer_gone(error: Exception) -> Response:
    """Answer 404 for a message that went when its time was over, while somebody still saw it on a page."""
    return problem(404, "not_found", "Redis knows no such job or queue any more.")


def _requeue_job(job_id: str) -> Response:
    _give_fresh_start(job_id)
    return jsonify(status="OK")


def _requeue_queue(queue_name: str) -> Response:
    registry = FailedJobRegistry(queue_name, connection=queue_redis(), serializer=JSONSerializer)
    count = 0
    for message_id in registry.get_job_ids(cleanup=False):
        with contextlib.suppress(ConflictError):  # a job that the outbox no longer knows stays where it is
            try:
                _give_fresh_start(message_id)
                count += 1
            except NoSuchJobError:
                registry.remove(message_id)
    return jsonify(status="OK", count=count)


def _give_fresh_start(message_id: str) -> None:
    try:
        outbox_id = UUID(message_id.rpartition("-")[0])
    except ValueError:  # a job that may be lost stands in Redis only
        requeue_job(message_id, connection=queue_redis(), serializer=JSONSerializer)
        return
    try:
        with transaction():
            services.requeue_dead_letter(outbox_id)
            audit.record_by_staff("job.requeue", "job", outbox_id)
    except AppError as refused:
        if refused.code == "job_unknown":
            raise
        forget_message(message_id)  # of a failed try after which the job went on, so there is nothing to requeue


def _use_our_redis() -> None:
    current_app.redis_conn = queue_redis()  # type: ignore[attr-defined]


def _from_this_site() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin: Any = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return bool(urlsplit(origin).netloc == request.host)
