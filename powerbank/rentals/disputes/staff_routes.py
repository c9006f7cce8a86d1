"""Serve staff the cases of all rentals. A case is decided at its rental."""

from typing import Any

from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.rentals.disputes import queries
from powerbank.rentals.disputes.schemas import CaseArguments, QueuedCaseSchema

blueprint = Blueprint(
    "Cases (staff)", __name__, url_prefix="/api/admin/rental-cases", description="What people reported."
)


@blueprint.get("")
@staff_only("rentals.read")
@blueprint.arguments(CaseArguments, location="query")
@blueprint.response(200, page_of(QueuedCaseSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Cases of all rentals, oldest first; `status=open` shows what is to be decided"""
    return queries.case_page(**arguments)
