"""The console's pages of what people owe, and the waiver of it."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.columns import person
from powerbank.admin.console.sections import MONEY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import utcnow
from powerbank.ledger import queries
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.adjustments.allowances import PERMISSIONS
from powerbank.ledger.adjustments.models import Act, StaffAct
from powerbank.ledger.wallet_models import DueCause, Progress
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payments.dues.schemas import StaffDueArguments, WaiveSchema

blueprint = console_blueprint("console_dues", __name__, url_prefix="/console/money/dues")

DUES = ListPage(
    "Dues",
    MONEY,
    columns=(
        lists.moment("When", "due.created_at"),
        lists.badge("State", "due.status", {"open": "warn", "closed": "good"}),
        lists.name("Cause", "due.cause"),
        lists.amount("Amount", "due.amount"),
        lists.amount("Still owed", "due.left"),
        lists.moment("Collected from", "collected_from"),
        person("Person", "due.user_id"),
    ),
    filters=(
        lists.choice("State", "status", [*Progress]),
        lists.choice("Cause", "cause", [*DueCause]),
        lists.text_field("Person", "user_id", "The person's id."),
    ),
    empty=("No dues.", "What a person could not pay stands here: a rental, or a top-up that was charged back."),
    api="/api/admin/dues",
    opens=lambda row: f"/console/money/dues/{row.due.id}",
    file="dues",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(DUES, queries.due_page, StaffDueArguments, staff=page_staff("payments.read"))


@blueprint.get("/<uuid:due_id>")
def one(due_id: UUID) -> str:
    staff = page_staff("payments.read")
    found = queries.find_due(due_id)
    may_waive = staff.may(PERMISSIONS[Act.DUE_WAIVER]) and found.due.status == Progress.OPEN
    return render_template(
        "console/money/due.html", staff=staff, section=MONEY, due=found.due, found=found, may_waive=may_waive
    )


@blueprint.post("/<uuid:due_id>/waive")
@refusals_lead_to("console_dues.one")
@idempotent_form
def waive(due_id: UUID) -> AnyResponse:
    staff = page_staff(PERMISSIONS[Act.DUE_WAIVER])
    body = load_form(WaiveSchema)
    done = adjustments.ask_to_waive_due(due_id, amount=body["amount"], reason=body["reason"], staff=staff, now=utcnow())
    waits = isinstance(done, StaffAct)
    flash(translate("It waits for a second person.") if waits else translate("It is waived."))
    return redirect(url_for("console_dues.one", due_id=due_id))
