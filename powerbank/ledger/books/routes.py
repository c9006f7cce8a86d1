"""Serve staff the books."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import StartedSchema
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.ledger import queries
from powerbank.ledger.books import exports
from powerbank.ledger.schemas import (
    AccountArguments,
    AccountSchema,
    EntryArguments,
    EntryExportArguments,
    FullEntrySchema,
    ReconciliationSchema,
    StatementLineSchema,
)
from powerbank.outbox import schedules

RECOUNT = "ledger-reconciliation"

blueprint = Blueprint("Ledger (staff)", __name__, url_prefix="/api/admin/ledger", description="The books.")


@blueprint.get("/entries")
@staff_only("ledger.read")
@blueprint.arguments(EntryArguments, location="query")
@blueprint.response(200, page_of(FullEntrySchema))
def entries(arguments: dict[str, Any]) -> dict[str, Any]:
    """Entries with their postings, newest first"""
    return queries.entry_page(**arguments)


@blueprint.get("/entries.csv")
@staff_only("ledger.read")
@blueprint.arguments(EntryExportArguments, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_entries(arguments: dict[str, Any]) -> Response:
    """The same as CSV, a row for each posting, oldest first"""
    return exports.export_entries(**arguments)


@blueprint.get("/accounts")
@staff_only("ledger.read")
@blueprint.arguments(AccountArguments, location="query")
@blueprint.response(200, page_of(AccountSchema))
def accounts(arguments: dict[str, Any]) -> dict[str, Any]:
    """Accounts with their balances"""
    return queries.account_page(**arguments)


@blueprint.get("/accounts/<uuid:account_id>/statement")
@staff_only("ledger.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(StatementLineSchema))
def statement(arguments: dict[str, Any], account_id: UUID) -> dict[str, Any]:
    """Postings of an account with its balance after each, newest first"""
    return queries.statement_page(account_id, **arguments)


@blueprint.get("/accounts/<uuid:account_id>/statement.csv")
@staff_only("ledger.read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_statement(account_id: UUID) -> Response:
    """The whole statement as CSV, oldest first"""
    return exports.export_statement(account_id)


@blueprint.get("/reconciliation")
@staff_only("ledger.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(ReconciliationSchema))
def reconciliations(arguments: dict[str, Any]) -> dict[str, Any]:
    """The nightly recounts, newest first"""
    return queries.reconciliation_page(**arguments)


@blueprint.post("/reconciliation")
@staff_only("ledger.adjust")
@blueprint.response(202, StartedSchema)
def recount() -> dict[str, Any]:
    """Count all of the ledger again now; a recount that runs goes on"""
    with transaction():
        return {"job_id": schedules.start_now(RECOUNT, utcnow(), actor=staff_actor(current_staff().id))}
