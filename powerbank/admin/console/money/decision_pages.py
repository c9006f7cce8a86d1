"""The console's pages of decisions about money: what waits for one, refunds, and adjustments."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin import approvals
from powerbank.admin.console.columns import member, person
from powerbank.admin.console.sections import MONEY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.ledger import queries as ledger_queries
from powerbank.ledger.schemas import AdjustmentArguments
from powerbank.ledger.wallet_models import AdjustmentStatus
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payments import queries
from powerbank.payments.refunds import outcomes
from powerbank.payments.refunds.models import RefundStatus
from powerbank.payments.refunds.schemas import PaidByHandSchema, RejectSchema, StaffRefundArguments

blueprint = console_blueprint("console_decisions", __name__, url_prefix="/console/money")

REFUND_TONES = {
    "requested": "warn",
    "processing": "busy",
    "manual": "warn",
    "completed": "good",
    "rejected": "quiet",
}

REFUNDS = ListPage(
    "Refunds",
    MONEY,
    columns=(
        lists.moment("When", "created_at"),
        lists.badge("State", "status", REFUND_TONES),
        lists.amount("Amount", "amount"),
        lists.name("Goes to", lambda row: "its sources" if row.intent_id is None else "the gateway"),
        lists.words("Reason", "reason", "long"),
        person("Person"),
        member("Decided by", "decided_by"),
    ),
    filters=(
        lists.choice("State", "status", [*RefundStatus]),
        lists.text_field("Person", "user_id", "The person's id."),
    ),
    empty=("No refunds.", "A refund stands here from the moment in which a person or staff ask for it."),
    api="/api/admin/refunds",
    opens=lambda row: f"/console/money/refunds/{row.id}",
    file="refunds",
)
ADJUSTMENTS = ListPage(
    "Adjustments",
    MONEY,
    columns=(
        lists.moment("When", "created_at"),
        lists.badge("State", "status", {"pending": "warn", "applied": "good", "rejected": "quiet"}),
        lists.amount("Amount", "amount", "currency"),
        lists.words("Reason", "reason", "long"),
        person("Person"),
        member("Asked by", "asked_by"),
        member("Decided by", "decided_by"),
    ),
    filters=(lists.choice("State", "status", [*AdjustmentStatus]),),
    empty=("No adjustments.", "What staff give to a person or take, money or points, stands here with its reason."),
    api="/api/admin/ledger/adjustments",
    file="adjustments",
)


@blueprint.get("/decisions")
def waiting() -> str:
    staff = page_staff("refunds.read")
    return render_template(
        "console/money/decisions.html",
        staff=staff,
        section=MONEY,
        waiting=approvals.list_waiting(staff),
        apis=approvals.API,
        reviews=queries.intent_page(status="review", limit=20, cursor=None)["items"],
        by_hand=queries.refund_page(status=RefundStatus.MANUAL, limit=20, cursor=None)["items"],
    )


@blueprint.post(
    "/decisions/<any(refund, adjustment, act, grant, coupon):kind>/<uuid:thing_id>/<any(approve, reject):decision>"
)
@refusals_lead_to("console_decisions.waiting")
@idempotent_form
def decide(kind: str, thing_id: UUID, decision: str) -> AnyResponse:
    staff = page_staff(approvals.DECIDED_BY[kind])
    reason = load_form(RejectSchema)["reason"] if (kind, decision) == ("refund", "reject") else ""
    approvals.decide(kind, thing_id, approve=decision == "approve", reason=reason, staff=staff, now=utcnow())
    flash(_describe_outcome(kind, thing_id, decision))
    return redirect(_way_back())


@blueprint.get("/refunds")
def refunds() -> str | Response:
    return show_list(REFUNDS, queries.refund_page, StaffRefundArguments, staff=page_staff("refunds.read"))


@blueprint.get("/refunds/<uuid:refund_id>")
def refund(refund_id: UUID) -> str:
    staff = page_staff("refunds.read")
    found = queries.find_refund(refund_id)
    return render_template(
        "console/money/refund.html",
        staff=staff,
        section=MONEY,
        tones=REFUND_TONES,
        refund=found,
        may_decide=staff.may("refunds.decide"),
        may_approve=staff.may("refunds.decide") and staff.id != found.first_approved_by,
    )


@blueprint.post("/refunds/<uuid:refund_id>/paid")
@refusals_lead_to("console_decisions.refund")
@idempotent_form
def paid(refund_id: UUID) -> AnyResponse:
    staff = page_staff("refunds.decide")
    reference = load_form(PaidByHandSchema)["gateway_reference"]
    outcomes.complete_by_hand(refund_id, reference=reference, actor=staff_actor(staff.id), now=utcnow())
    flash(translate("The refund is paid."))
    return redirect(url_for("console_decisions.refund", refund_id=refund_id))


@blueprint.get("/adjustments")
def adjustments() -> str | Response:
    return show_list(ADJUSTMENTS, ledger_queries.adjustment_page, AdjustmentArguments, staff=page_staff("ledger.read"))


def _describe_outcome(kind: str, thing_id: UUID, decision: str) -> str:
    if decision == "reject":
        return translate("It is rejected.")
    if kind == "refund" and queries.find_refund(thing_id).status == RefundStatus.REQUESTED:
        return translate("You have approved it. A second person has to approve it too.")
    return translate("It is approved.")


def _way_back() -> str:
    """Lead back to the list, or to the page of the refund on which the form stood."""
    back = request.form.get("back", "")
    return back if back.startswith("/console/money/refunds/") else url_for("console_decisions.waiting")
