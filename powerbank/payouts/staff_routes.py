"""Staff pay partners out: accounts, runs, approval, bank files, and what became of a payout."""

from typing import Any
from uuid import UUID

from flask import Response, request

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.payouts import approval, queries, runs
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.models import Payout
from powerbank.payouts.schemas import (
    AccountRequestSchema,
    AnswersTakenSchema,
    BatchArguments,
    NeededReasonSchema,
    OutcomeSchema,
    PayoutAccountSchema,
    PayoutArguments,
    PayoutSchema,
    PayoutWithLinesSchema,
    ReasonSchema,
    RunAcceptedSchema,
    RunSchema,
)
from powerbank.payouts.sending import batches
from powerbank.payouts.statements import documents, pdf
from powerbank.payouts.statements import services as statements
from powerbank.payouts.states import AccountKind, PayeeKind

blueprint = Blueprint("Payouts (staff)", __name__, url_prefix="/api/admin", description="What partners are paid.")

READ, WRITE, APPROVE = "payouts.read", "payouts.write", "payouts.approve"
CSV_BODY = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}


@blueprint.get("/payouts")
@staff_only(READ)
@blueprint.arguments(PayoutArguments, location="query")
@blueprint.response(200, page_of(PayoutSchema))
def payouts(arguments: dict[str, Any]) -> dict[str, Any]:
    """List, newest first"""
    return queries.payout_page(**arguments)


@blueprint.get("/payouts/<uuid:payout_id>")
@staff_only(READ)
@blueprint.response(200, PayoutWithLinesSchema)
def payout(payout_id: UUID) -> dict[str, Any]:
    """Read, with its first lines"""
    return queries.show_payout_with_lines(queries.find_payout(payout_id))


@blueprint.get("/payouts/<uuid:payout_id>/statement.json")
@staff_only(READ)
@blueprint.response(200, {"type": "object"})
def statement_json(payout_id: UUID) -> Response:
    """The statement of a payout, as it was written"""
    return documents.answer_json(statements.find_statement_of_payout(payout_id))


@blueprint.get("/payouts/<uuid:payout_id>/statement.csv")
@staff_only(READ)
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def statement_csv(payout_id: UUID) -> Response:
    """The same as CSV"""
    return documents.answer_csv(statements.find_statement_of_payout(payout_id))


@blueprint.get("/payouts/<uuid:payout_id>/statement.pdf")
@staff_only(READ)
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def statement_pdf(payout_id: UUID) -> Response:
    """The same as PDF"""
    return pdf.answer_pdf(statements.find_statement_of_payout(payout_id))


@blueprint.post("/payouts/run")
@staff_only(WRITE)
@idempotent
@blueprint.arguments(RunSchema)
@blueprint.response(202, RunAcceptedSchema)
def run(body: dict[str, Any]) -> dict[str, Any]:
    """Make a payout for each payee with enough to be paid. The operation shows how far it is, and sums it up"""
    operation = runs.ask_for_run(cutoff=body["cutoff"], staff_id=current_staff().id, now=utcnow())
    audit.record_by_staff("payouts.run", "payouts", operation.id, new=operation.request)
    return {"operation_id": operation.id}


@blueprint.post("/payouts/<uuid:payout_id>/approve")
@staff_only(APPROVE)
@idempotent
@blueprint.response(200, PayoutSchema)
def approve(payout_id: UUID) -> dict[str, Any]:
    """Approve as the second person. It is sent at once"""
    return _show(approval.approve_payout(payout_id, staff=current_staff(), now=utcnow()))


@blueprint.post("/payouts/<uuid:payout_id>/hold")
@staff_only(WRITE)
@idempotent
@blueprint.arguments(NeededReasonSchema)
@blueprint.response(200, PayoutSchema)
def hold(body: dict[str, Any], payout_id: UUID) -> dict[str, Any]:
    """Keep back until it is released"""
    return _show(approval.hold_payout(payout_id, staff=current_staff(), reason=body["reason"], now=utcnow()))


@blueprint.post("/payouts/<uuid:payout_id>/release")
@staff_only(WRITE)
@idempotent
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, PayoutSchema)
def release(body: dict[str, Any], payout_id: UUID) -> dict[str, Any]:
    """Let a held one go on. Somebody approves it again"""
    return _show(approval.release_payout(payout_id, staff=current_staff(), reason=body["reason"], now=utcnow()))


@blueprint.post("/payouts/<uuid:payout_id>/retry")
@staff_only(WRITE)
@idempotent
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, PayoutSchema)
def retry(body: dict[str, Any], payout_id: UUID) -> dict[str, Any]:
    """Try one again that failed for certain. Somebody approves it again"""
    return _show(approval.retry_payout(payout_id, staff=current_staff(), reason=body["reason"], now=utcnow()))


@blueprint.post("/payouts/<uuid:payout_id>/cancel")
@staff_only(WRITE)
@idempotent
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, PayoutSchema)
def cancel(body: dict[str, Any], payout_id: UUID) -> dict[str, Any]:
    """Give up one that is not on its way. The next run pays the balance"""
    return _show(approval.cancel_payout(payout_id, staff=current_staff(), reason=body["reason"], now=utcnow()))


@blueprint.post("/payouts/<uuid:payout_id>/outcome")
@staff_only(APPROVE)
@idempotent
@blueprint.arguments(OutcomeSchema)
@blueprint.response(200, PayoutSchema)
def outcome(body: dict[str, Any], payout_id: UUID) -> dict[str, Any]:
    """Say, as a second person, what became of one that no provider can tell of"""
    return _show(approval.decide_outcome(payout_id, **body, staff=current_staff(), now=utcnow()))


@blueprint.get("/payouts/bank-file")
@staff_only(WRITE)
@blueprint.arguments(BatchArguments, location="query")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def bank_file(arguments: dict[str, Any]) -> Response:
    """The payouts of a batch as CSV for the bank's portal, with whole account numbers"""
    batch = arguments["batch"]
    with transaction():
        written = batches.write_bank_file(batch, staff=current_staff())
        audit.record_by_staff("payouts.export_bank_file", "payouts", batch)
    response = Response(written, content_type="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="payouts.csv"'
    return response


@blueprint.post("/payouts/bank-file")
@staff_only(APPROVE)
@idempotent
@blueprint.arguments(BatchArguments, location="query")
@blueprint.doc(requestBody=CSV_BODY)
@blueprint.response(200, AnswersTakenSchema)
def bank_answers(arguments: dict[str, Any]) -> dict[str, int]:
    """Take over the bank's answers to a batch, all of them or none"""
    batch = arguments["batch"]
    taken = batches.take_answers(batch, request.get_data(), staff=current_staff(), now=utcnow())
    audit.record_by_staff("payouts.take_answers", "payouts", batch, new=taken)
    return taken


@blueprint.get("/partners/<uuid:partner_id>/payout-accounts")
@staff_only(READ)
@blueprint.response(200, PayoutAccountSchema(many=True))
def payout_accounts(partner_id: UUID) -> list[dict[str, Any]]:
    """Where a partner is, was or wants to be paid, newest first"""
    return [queries.show_account(each) for each in accounts.list_accounts(PayeeKind.PARTNER, partner_id)]


@blueprint.post("/partners/<uuid:partner_id>/payout-accounts")
@staff_only(WRITE)
@blueprint.arguments(AccountRequestSchema)
@blueprint.response(201, PayoutAccountSchema)
def request_account(body: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
    """Ask for an account. A second person confirms it"""
    kind = AccountKind(body.pop("kind"))
    by = staff_actor(current_staff().id)
    with transaction():
        account = accounts.request_account(PayeeKind.PARTNER, partner_id, kind=kind, **body, by=by)
        return queries.show_account(account)


@blueprint.post("/partners/<uuid:partner_id>/payout-accounts/<uuid:account_id>/confirm")
@staff_only(APPROVE)
@blueprint.arguments(ReasonSchema)
@blueprint.response(200, PayoutAccountSchema)
def confirm_account(body: dict[str, Any], partner_id: UUID, account_id: UUID) -> dict[str, Any]:
    """Confirm an account as the second person. It is paid to after it has cooled off"""
    with transaction():
        account = accounts.confirm_account(
            PayeeKind.PARTNER, partner_id, account_id, staff=current_staff(), reason=body["reason"], now=utcnow()
        )
        return queries.show_account(account)


@blueprint.post("/partners/<uuid:partner_id>/payout-accounts/<uuid:account_id>/reject")
@staff_only(APPROVE)
@blueprint.arguments(NeededReasonSchema)
@blueprint.response(200, PayoutAccountSchema)
def reject_account(body: dict[str, Any], partner_id: UUID, account_id: UUID) -> dict[str, Any]:
    """Reject a request, with the reason"""
    with transaction():
        account = accounts.reject_account(
            PayeeKind.PARTNER, partner_id, account_id, staff=current_staff(), reason=body["reason"], now=utcnow()
        )
        return queries.show_account(account)


def _show(payout: Payout) -> dict[str, Any]:
    [shown] = queries.show_payouts([payout])
    return shown
