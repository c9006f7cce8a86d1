"""The console's pages of the gateways: what they sent, what they took back, the nightly comparison, exchange rates."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.money.event_list import EVENT_TONES, EVENTS
from powerbank.admin.console.sections import MONEY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.outbox import schedules
from powerbank.pages import lists
from powerbank.pages.forms import refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payments import queries
from powerbank.payments.chargebacks.models import ChargebackState
from powerbank.payments.gateways import LIMITS
from powerbank.payments.models import EventState
from powerbank.payments.review.schemas import EventArguments, TakebackArguments
from powerbank.payments.topups import exchange_rates
from powerbank.payments.topups.schemas import RateArguments
from powerbank.payments.webhooks import masking
from powerbank.payments.webhooks import services as webhooks

blueprint = console_blueprint("console_gateways", __name__, url_prefix="/console/money")

CHARGEBACKS = ListPage(
    "Chargebacks",
    MONEY,
    columns=(
        lists.moment("When", "created_at"),
        lists.name("Gateway", "gateway"),
        lists.name("Kind", "kind"),
        lists.badge("State", "state", {"taken": "bad", "given_back": "good", "nothing": "quiet"}),
        lists.amount("Amount", "amount"),
        lists.code("At the gateway", "gateway_id"),
    ),
    filters=(lists.choice("State", "state", [*ChargebackState]), lists.choice("Gateway", "gateway", [*LIMITS])),
    empty=(
        "No chargebacks.",
        "Money that a gateway takes back by itself stands here: a dispute, or a refund in its portal.",
    ),
    api="/api/admin/payments/takebacks",
    opens=lambda row: f"/console/money/top-ups/{row.intent_id}",
    file="chargebacks",
)
COMPARISONS = ListPage(
    "Comparison",
    MONEY,
    columns=(
        lists.moment("Begun", "started_at"),
        lists.moment("Ended", "finished_at"),
        lists.number("Payments", "total"),
        lists.number("Compared", "checked"),
        lists.number("No answer", "unanswered"),
        lists.number("Differences", "differences"),
    ),
    empty=(
        "No comparison yet.",
        "Each night the payments of the last days are compared with what their gateways have.",
    ),
    api="/api/admin/payments/settlements",
    opens=lambda row: f"/console/money/comparisons/{row.id}",
    template="console/money/task_list.html",
    file="comparisons",
)
FINDINGS = ListPage(
    "Differences",
    MONEY,
    columns=(
        lists.link(
            "Top-up", lambda row: str(row.intent_id)[-8:], lambda row: f"/console/money/top-ups/{row.intent_id}"
        ),
        lists.name("Gateway", "gateway"),
        lists.name("What differs", "what"),
        lists.words("In our books", "ours"),
        lists.words("At the gateway", "theirs"),
        lists.moment("Compared", "compared_at"),
    ),
    empty=("No differences.", "Here stands each payment of this comparison that the gateway has otherwise than we."),
    api="/api/admin/payments/settlements",
    file="differences",
)
RATES = ListPage(
    "Exchange rates",
    MONEY,
    columns=(
        lists.words("Day", "day", "when"),
        lists.words("Currency", "currency"),
        lists.words("Buys at", lambda row: f"{row.buy.normalize():f}", "n"),
        lists.words("Sells at", lambda row: f"{row.sell.normalize():f}", "n"),
        lists.moment("Fetched", "fetched_at"),
    ),
    filters=(lists.text_field("Currency", "currency", "Three letters, for all its days."),),
    empty=("No rates yet.", "The central bank's rates come each night; top-ups in other currencies need them."),
    api="/api/payment/exchange-rates",
    template="console/money/task_list.html",
    file="exchange_rates",
)


@blueprint.get("/gateway-events")
def events() -> str | Response:
    return show_list(EVENTS, queries.event_page, EventArguments, staff=page_staff("payments.read"))


@blueprint.get("/gateway-events/<uuid:event_id>")
def event(event_id: UUID) -> str:
    staff = page_staff("payments.read")
    found = queries.find_event(event_id)
    return render_template(
        "console/money/gateway_event.html",
        staff=staff,
        section=MONEY,
        tones=EVENT_TONES,
        event=found,
        body=masking.mask_body(found.body),
        query=masking.mask_query(found.query),
        may_replay=staff.may("payments.resolve") and found.state != EventState.FORGED,
    )


@blueprint.post("/gateway-events/<uuid:event_id>/replay")
@refusals_lead_to("console_gateways.event")
def replay(event_id: UUID) -> AnyResponse:
    """Look into it once more. However often that is done, what it speaks of is credited once."""
    staff = page_staff("payments.resolve")
    with transaction():
        webhooks.replay_event(event_id, actor=staff_actor(staff.id))
    flash(translate("It is looked into once more."))
    return redirect(url_for("console_gateways.event", event_id=event_id))


@blueprint.get("/chargebacks")
def chargebacks() -> str | Response:
    return show_list(CHARGEBACKS, queries.chargeback_page, TakebackArguments, staff=page_staff("payments.read"))


@blueprint.get("/comparisons")
def comparisons() -> str | Response:
    return show_list(
        COMPARISONS,
        queries.settlement_check_page,
        PageArguments,
        staff=page_staff("payments.read"),
        task="settlement-comparison",
        task_api="/api/admin/payments/settlements",
        may_run="payments.resolve",
    )


@blueprint.get("/comparisons/<uuid:check_id>")
def comparison(check_id: UUID) -> str | Response:
    return show_list(
        FINDINGS,
        lambda **page: queries.settlement_finding_page(check_id, **page),
        PageArguments,
        staff=page_staff("payments.read"),
        of=("comparison", check_id),
    )


@blueprint.get("/exchange-rates")
def rates() -> str | Response:
    return show_list(
        RATES,
        exchange_rates.rate_page,
        RateArguments,
        staff=page_staff("payments.read"),
        task="exchange-rates",
        task_api="/api/admin/payments/exchange-rates",
        may_run="payments.resolve",
    )


@blueprint.post("/tasks/<any('settlement-comparison', 'exchange-rates'):name>")
def run_task(name: str) -> AnyResponse:
    """Start a nightly task now; one that runs already goes on."""
    staff = page_staff("payments.resolve")
    with transaction():
        schedules.start_now(name, utcnow(), actor=staff_actor(staff.id))
    flash(translate("{task}: started.", task=name))
    return redirect(url_for(f"console_gateways.{'rates' if name == 'exchange-rates' else 'comparisons'}"))
