"""The console's pages of what people pay: top-ups, and those that need a decision."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.columns import person
from powerbank.admin.console.sections import MONEY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import transaction, utcnow
from powerbank.pages import lists
from powerbank.pages.forms import load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payments import queries
from powerbank.payments.gateways import LIMITS
from powerbank.payments.models import IntentStatus
from powerbank.payments.review import services as reviews
from powerbank.payments.review.schemas import ResolveSchema, StaffIntentArguments
from powerbank.payments.review.services import Decision
from powerbank.payments.topups import settlement

blueprint = console_blueprint("console_payments", __name__, url_prefix="/console/money")

TONES = {
    "ready": "busy",
    "processing": "busy",
    "success": "good",
    "review": "warn",
    "failed": "bad",
    "expired": "quiet",
    "cancelled": "quiet",
    "pending": "quiet",
}
RELATED = 20  # rows of a kind that are shown beside a top-up

TOPUPS = ListPage(
    "Top-ups",
    MONEY,
    columns=(
        lists.moment("When", "created_at"),
        lists.badge("State", "status", TONES),
        lists.amount("To pay", "charged", "currency"),
        lists.name("Gateway", "gateway"),
        lists.code("Reference", "reference"),
        lists.name("In review because", "review_reason"),
        person("Person"),
    ),
    filters=(
        lists.choice("State", "status", [*IntentStatus]),
        lists.choice("Gateway", "gateway", [*LIMITS]),
        lists.text_field("Reference", "reference", "Of the session or of the payment."),
        lists.text_field("Person", "user_id", "The person's id."),
        lists.day("From", "since"),
        lists.day("Until", "until"),
    ),
    empty=("No top-ups.", "A top-up stands here from the moment in which a person asks for it."),
    api="/api/admin/payments/intents",
    opens=lambda row: f"/console/money/top-ups/{row.id}",
    file="payment_intents",
)


@blueprint.get("")
def first_tab() -> AnyResponse:
    staff = page_staff("payments.read")
    return redirect(next(tab.address for tab in MONEY.tabs if staff.may(tab.permission)))


@blueprint.get("/top-ups")
def topups() -> str | Response:
    return show_list(TOPUPS, queries.intent_page, StaffIntentArguments, staff=page_staff("payments.read"))


@blueprint.get("/top-ups/<uuid:intent_id>")
def topup(intent_id: UUID) -> str:
    staff = page_staff("payments.read")
    intent = queries.find_intent(intent_id)

    def related(read: Any) -> Any:
        return read(intent_id=intent_id, limit=RELATED, cursor=None)["items"]

    return render_template(
        "console/money/topup.html",
        staff=staff,
        section=MONEY,
        tones=TONES,
        intent=intent,
        may_resolve=staff.may("payments.resolve"),
        events=related(queries.event_page),
        refunds=related(queries.refund_page) if staff.may("refunds.read") else [],
        chargebacks=related(queries.chargeback_page),
    )


@blueprint.post("/top-ups/<uuid:intent_id>/verify")
@refusals_lead_to("console_payments.topup")
def verify(intent_id: UUID) -> AnyResponse:
    staff = page_staff("payments.resolve")
    queries.find_intent(intent_id)
    with reviews.translated_gateway_errors():
        payment = settlement.look_up_payment(intent_id)
    with transaction():
        reviews.settle_on_request(intent_id, payment, staff=staff, now=utcnow())
    flash(translate("The gateway was asked. The top-up is: {state}.", state=translate(_state_of(intent_id))))
    return redirect(url_for("console_payments.topup", intent_id=intent_id))


@blueprint.post("/top-ups/<uuid:intent_id>/resolve")
@refusals_lead_to("console_payments.topup")
def resolve(intent_id: UUID) -> AnyResponse:
    """Credit what the gateway says came, or dismiss it. A second press finds it resolved and changes nothing."""
    staff = page_staff("payments.resolve")
    body = load_form(ResolveSchema)
    if body["decision"] == Decision.CREDIT:
        with reviews.translated_gateway_errors():
            payment, reversals = reviews.look_up_payment(intent_id)
        with transaction():
            reviews.credit_payment(intent_id, payment, reversals, staff=staff, reason=body["reason"], now=utcnow())
        flash(translate("It is credited."))
    else:
        with transaction():
            reviews.dismiss_payment(intent_id, staff=staff, reason=body["reason"], now=utcnow())
        flash(translate("It is dismissed, and stays so whatever the gateway says."))
    return redirect(url_for("console_payments.topup", intent_id=intent_id))


def _state_of(intent_id: UUID) -> str:
    return str(queries.find_intent(intent_id).status)
