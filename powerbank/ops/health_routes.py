"""The routes that orchestrators, load balancers and monitors ask how the system is."""

from dataclasses import replace
from typing import Any

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST

from powerbank.api import rate_limits
from powerbank.api.openapi import Blueprint
from powerbank.ops import metrics, queries, readiness
from powerbank.ops.monitors import kept_for_monitors, monitors_only
from powerbank.ops.schemas import LiveSchema, QueueHealthSchema, ReadySchema

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
