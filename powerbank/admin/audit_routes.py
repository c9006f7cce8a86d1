"""Who did what."""

from typing import Any

from flask.views import MethodView

from powerbank.admin import queries
from powerbank.admin.schemas import AuditArguments, AuditEntrySchema
from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of

blueprint = Blueprint("Audit log", __name__, url_prefix="/api/admin", description="What staff did.")


@blueprint.route("/audit-log")
class AuditLog(MethodView):
    @staff_only("audit.read")
    @blueprint.arguments(AuditArguments, location="query")
    @blueprint.response(200, page_of(AuditEntrySchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Newest first; `since` is included, `until` is not"""
        return queries.audit_entries(**arguments)
