"""The console's pages of payouts: a queue, and what two people decide of each."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin import queries as admin
from powerbank.admin.console.columns import member
from powerbank.admin.console.partners import tones
from powerbank.admin.console.sections import PARTNERS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.auth import Staff
from powerbank.base.db import utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payouts import approval, queries
from powerbank.payouts.schemas import NeededReasonSchema, OutcomeSchema, PayoutArguments, ReasonSchema
from powerbank.payouts.sending import batches, providers
from powerbank.payouts.statements import documents, pdf
from powerbank.payouts.statements import services as statements
from powerbank.payouts.states import MOVES, PayeeKind, Status

blueprint = console_blueprint("console_payouts", __name__, url_prefix="/console/payouts")

PAGE = "console_payouts.one"
CHANGES_SHOWN = 50
READ, WRITE, APPROVE = "payouts.read", "payouts.write", "payouts.approve"

QUEUE = ListPage(
    "Payouts",
    PARTNERS,
    columns=(
        lists.words("Payee", "payee_name"),
        lists.badge("State", "status", tones.PAYOUT),
        lists.amount("Amount", "amount", "currency"),
        lists.name("Goes by", "provider"),
        lists.words("The provider said", "said", "long"),
        lists.words("Reason", "reason", "long"),
        member("Approved by", "approved_by"),
        lists.moment("Earned up to", "cutoff"),
        lists.moment("Sent", "sent_at"),
    ),
    filters=(
        lists.choice("State", "status", [*Status]),
        lists.choice("Payee", "payee_kind", [*PayeeKind]),
        lists.text_field("Payee's id", "payee_id"),
    ),
    empty=("No payouts.", "A run makes one for each payee with enough to be paid, each night or when it is asked for."),
    api="/api/admin/payouts",
    opens=lambda row: f"/console/payouts/{row.id}",
    template="console/partners/payouts.html",
    file="payouts",
)


@blueprint.get("")
def queue() -> str | Response:
    return show_list(QUEUE, queries.list_payouts, PayoutArguments, staff=page_staff(READ), statuses=[*Status])


@blueprint.get("/<uuid:payout_id>")
def one(payout_id: UUID) -> str:
    staff = page_staff(READ)
    payout = queries.find_payout(payout_id)
    provider = providers.configured().get(payout.provider)
    told_by_people = payout.status == Status.UNKNOWN or (
        payout.status == Status.PROCESSING and provider is not None and not provider.automatic
    )
    return render_template(
        "console/partners/payout.html",
        staff=staff,
        section=PARTNERS,
        tones=tones,
        payout=payout,
        shown=queries.show_payout_with_lines(payout),
        account=queries.find_account_of(payout),
        provider=provider,
        moves=MOVES[Status(payout.status)],
        may_write=staff.may(WRITE),
        may_approve=staff.may(APPROVE),
        told_by_people=told_by_people,
        takers=batches.list_takers(payout),
        history=admin.list_changes("payouts", str(payout_id), limit=CHANGES_SHOWN),
    )


@blueprint.post("/<uuid:payout_id>/<any(approve, hold, release, retry, cancel, outcome):act>")
@refusals_lead_to(PAGE)
@idempotent_form
def decide(payout_id: UUID, act: str) -> AnyResponse:
    staff = page_staff(APPROVE if act in ("approve", "outcome") else WRITE)
    _decide(payout_id, act, staff)
    flash(translate("It is noted."))
    return redirect(url_for(PAGE, payout_id=payout_id))


@blueprint.get("/<uuid:payout_id>/statement.<any(pdf, csv, json):form>")
def statement(payout_id: UUID, form: str) -> Response:
    page_staff(READ)
    found = statements.find_statement_of_payout(payout_id)
    return {"pdf": pdf.answer_pdf, "csv": documents.answer_csv, "json": documents.answer_json}[form](found)


def _decide(payout_id: UUID, act: str, staff: Staff) -> None:
    now = utcnow()
    if act == "approve":
        approval.approve_payout(payout_id, staff=staff, now=now)
    elif act == "hold":
        approval.hold_payout(payout_id, staff=staff, reason=load_form(NeededReasonSchema)["reason"], now=now)
    elif act == "outcome":
        approval.decide_outcome(payout_id, **load_form(OutcomeSchema), staff=staff, now=now)
    else:
        decided = {
            "release": approval.release_payout,
            "retry": approval.retry_payout,
            "cancel": approval.cancel_payout,
        }[act]
        decided(payout_id, staff=staff, reason=load_form(ReasonSchema)["reason"], now=now)
