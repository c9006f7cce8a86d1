"""The console's pages of what people pay: top-ups, what gateways sent, chargebacks, comparisons and exchange rates."""

from flask import Response, redirect
from werkzeug import Response as AnyResponse

from powerbank.admin.console.columns import person
from powerbank.admin.console.sections import MONEY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.pages import lists
from powerbank.pages.lists import ListPage, show_list
from powerbank.payments import queries
from powerbank.payments.gateways import LIMITS
from powerbank.payments.models import IntentStatus
from powerbank.payments.review.schemas import StaffIntentArguments

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

TOPUPS = ListPage(
    "Top-ups",
    MONEY,
    columns=(
        lists.moment("When", "created_at"),
        lists.badge("State", "status", TONES),
        lists.amount("To pay", "charged", "currency"),
        lists.name("Gateway", "gateway"),
        lists.code("Reference", "reference"),
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
