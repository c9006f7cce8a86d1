"""What orchestrators, load balancers and monitors ask."""

from dataclasses import replace
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from powerbank.api import rate_limits
from powerbank.api.openapi import Blueprint
from powerbank.base.db import db
from powerbank.base.redis_clients import describe_failure, push_redis
from powerbank.base.schema_version import MADE_BEFORE_THIS_LINE, is_of_first_line
from powerbank.ops import metrics, queries
from powerbank.ops.monitors import kept_for_monitors, monitors_only
from powerbank.ops.schemas import LiveSchema, QueueHealthSchema, ReadySchema

AT_HEAD, AHEAD = "ok", "ahead of this code"
FIT = (AT_HEAD, AHEAD)  # to serve on

blueprint = Blueprint("Health", __name__, description="For orchestrators and monitors.")


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
    checks = {"database": database_state(), "redis": _redis(), "rate_limits": rate_limits.check_state()}
    if checks["database"] not in FIT:
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
    health = kept_for_monitors("queues", queries.read_queue_health)
    health = replace(health, alerts=[_for_anybody(each) for each in health.alerts])
    return health, 503 if health.status == "unhealthy" else 200


@blueprint.get("/metrics")
@monitors_only
@blueprint.response(200, content_type="text/plain", schema={"type": "string"})
def prometheus() -> Response:
    """Metrics for Prometheus

    For who asks from this machine, or shows `MONITOR_TOKEN` as a bearer token. An answer is good for 5 s.
    """
    return Response(kept_for_monitors("metrics", metrics.expose), content_type=CONTENT_TYPE_LATEST)


def _for_anybody(problem: queries.Problem) -> queries.Problem:
    """Whose account differs, staff read in their notice and in the ledger's reconciliation."""
    return replace(problem, detail="the books differ") if problem.kind == "ledger_mismatch" else problem


def database_state() -> str:
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return "away, or never migrated"
    known = _migrations()
    if found == known[0]:
        return AT_HEAD
    if found in known or found is None:
        return f"migrations at {found}, the code needs {known[0]}"
    # A revision that this code does not know came after it, and only adds; deploy/README.md says why older code serves
    # on it.
    return MADE_BEFORE_THIS_LINE if is_of_first_line(found) else AHEAD


def _migrations() -> list[str]:
    """Newest first. Read once for each process: the scripts do not change under it."""
    known: list[str] | None = current_app.extensions.get("migration_ids")
    if known is None:
        scripts = Config()
        scripts.set_main_option("script_location", str(current_app.extensions["migrate"].directory))
        known = [script.revision for script in ScriptDirectory.from_config(scripts).walk_revisions()]
        current_app.extensions["migration_ids"] = known
    return known


def _redis() -> str:
    try:
        push_redis().ping()  # which does not wait for long: a probe that takes seconds has failed
    except RedisError as error:
        return describe_failure(error)
    return "ok"
