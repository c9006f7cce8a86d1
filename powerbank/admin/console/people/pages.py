"""The console's pages of people: the list, and one person with all that concerns them."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin import queries as accounts
from powerbank.admin import services as account_services
from powerbank.admin.console import tones
from powerbank.admin.console.columns import write_member
from powerbank.admin.console.sections import PEOPLE
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.admin.people import erasure, personal_data, queries, services
from powerbank.admin.people.schemas import EndSignInsSchema, EraseSchema, NewNoteSchema
from powerbank.admin.schemas import SETTABLE, StatusChangeSchema, UserArguments
from powerbank.api.auth import Staff
from powerbank.base.db import transaction, utcnow
from powerbank.base.money import NPR, PTS
from powerbank.kyc import queries as kyc
from powerbank.ledger import queries as ledger
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.ledger.schemas import AdjustBalanceSchema, AdjustPointsSchema
from powerbank.ledger.wallet_models import AdjustmentStatus
from powerbank.notifications.delivery import queries as deliveries
from powerbank.notifications.delivery import resending
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, read_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payments.dues.schemas import WaiveSchema

blueprint = console_blueprint("console_people", __name__, url_prefix="/console/people")

SHOWN = 20

ALL = ListPage(
    "People",
    PEOPLE,
    columns=(
        lists.words("User name", "username"),
        lists.words("Name", lambda each: " ".join(filter(None, (each.first_name, each.last_name))) or None),
        lists.words("Phone", "phone"),
        lists.words("E-mail", "email"),
        lists.badge("State", "status", tones.ACCOUNT),
        lists.badge("Identity", "kyc_status", tones.IDENTITY),
        lists.moment("Joined", "created_at"),
    ),
    filters=(
        lists.text_field("Find", "q", "Name, phone number or e-mail."),
        lists.choice("State", "status", SETTABLE),
        lists.choice("Identity", "kyc_status", ["none", "pending", "approved", "rejected"]),
    ),
    empty=("Nobody yet.", "People stand here once they have signed up in the app."),
    api="/api/admin/users",
    opens=lambda each: url_for("console_people.one", user_id=each.id),
    file="people",
)


@blueprint.get("")
def listing() -> str | Response:
    staff = page_staff("users.read")
    contact = staff.may("users.contact")
    return show_list(
        ALL, lambda **asked: accounts.list_users(**asked, contact=contact, masked=True), UserArguments, staff=staff
    )


@blueprint.get("/<uuid:user_id>")
def one(user_id: UUID) -> str:
    return _show(user_id, contact=False)


@blueprint.post("/<uuid:user_id>/contact")
def show_contact(user_id: UUID) -> str:
    """Show the phone number and the e-mail address in full, and record who looked."""
    staff = page_staff("users.contact")
    with transaction():
        queries.get_person(user_id)
        services.record_look(user_id, staff=staff)
    return _show(user_id, contact=True)


def _show(user_id: UUID, *, contact: bool) -> str:
    staff = page_staff("users.read")
    return render_template(
        "console/people/one.html",
        staff=staff,
        person=accounts.get_user(user_id, contact=contact),
        contact=contact,
        checks=kyc.list_submissions_of_user(user_id) if staff.may("kyc.read") else [],
        devices=deliveries.devices_of_user(user_id),
        messages=deliveries.delivery_page(user_id, status=None, channel=None, limit=SHOWN, cursor=None)["items"],
        sign_ins=queries.sign_in_page(user_id, limit=SHOWN, cursor=None)["items"],
        notes=queries.note_page(user_id, limit=SHOWN, cursor=None)["items"],
        waiting=ledger.list_waiting_adjustments(user_id),
        erasure=erasure.find_waiting_erasure(user_id),
        settable=SETTABLE,
        tones={**tones.ACCOUNT, **tones.IDENTITY, **tones.DELIVERY},
        rental_tones=tones.RENTAL,
        member=write_member,
    )


@blueprint.post("/<uuid:user_id>/status")
@refusals_lead_to("console_people.one")
def change_status(user_id: UUID) -> AnyResponse:
    staff = page_staff("users.write")
    body = read_form(StatusChangeSchema)
    with transaction():
        account_services.change_status_by_staff(user_id, body["status"], reason=body["reason"], staff=staff)
    return _done(user_id)


@blueprint.post("/<uuid:user_id>/adjust-balance")
@refusals_lead_to("console_people.one")
@idempotent_form
def adjust_balance(user_id: UUID) -> AnyResponse:
    staff = page_staff("ledger.adjust")
    body = read_form(AdjustBalanceSchema)
    return _adjust(user_id, NPR, body["amount"], body["reason"], staff)


@blueprint.post("/<uuid:user_id>/adjust-points")
@refusals_lead_to("console_people.one")
@idempotent_form
def adjust_points(user_id: UUID) -> AnyResponse:
    staff = page_staff("ledger.adjust")
    body = read_form(AdjustPointsSchema)
    return _adjust(user_id, PTS, body["points"], body["reason"], staff)


@blueprint.post("/<uuid:user_id>/dues/<uuid:due_id>/waive")
@refusals_lead_to("console_people.one")
@idempotent_form
def waive(user_id: UUID, due_id: UUID) -> AnyResponse:
    staff = page_staff("ledger.adjust")
    done = adjustments.ask_to_waive_due(due_id, staff=staff, now=utcnow(), **read_form(WaiveSchema))
    return _done(user_id, waits=isinstance(done, StaffAct))


@blueprint.post("/<uuid:user_id>/deliveries/<uuid:delivery_id>/resend")
@refusals_lead_to("console_people.one")
@idempotent_form
def resend(user_id: UUID, delivery_id: UUID) -> AnyResponse:
    staff = page_staff("users.write")
    resending.resend_delivery(delivery_id, staff=staff)
    return _done(user_id)


@blueprint.post("/<uuid:user_id>/end-sessions")
@refusals_lead_to("console_people.one")
def end_sign_ins(user_id: UUID) -> AnyResponse:
    staff = page_staff("users.write")
    body = read_form(EndSignInsSchema)
    with transaction():
        services.end_sign_ins(user_id, reason=body["reason"], staff=staff)
    return _done(user_id)


@blueprint.post("/<uuid:user_id>/notes")
@refusals_lead_to("console_people.one")
@idempotent_form
def write_note(user_id: UUID) -> AnyResponse:
    staff = page_staff("users.write")
    services.write_note(user_id, text=read_form(NewNoteSchema)["text"], staff=staff)
    return _done(user_id)


@blueprint.post("/<uuid:user_id>/personal-data")
def take_personal_data(user_id: UUID) -> Response:
    staff = page_staff("users.erase")
    with transaction():
        services.record_export(user_id, staff=staff)
    return personal_data.answer_with_lines(user_id)


@blueprint.post("/<uuid:user_id>/erase")
@refusals_lead_to("console_people.one")
@idempotent_form
def erase(user_id: UUID) -> AnyResponse:
    staff = page_staff("users.erase")
    erasure.ask_for_erasure(user_id, reason=read_form(EraseSchema)["reason"], staff=staff, now=utcnow())
    flash(translate("A second person has to approve it."), "warn")
    return redirect(url_for("console_people.one", user_id=user_id))


def _adjust(user_id: UUID, currency: str, amount: int, reason: str, staff: Staff) -> AnyResponse:
    asked: Any = adjustments.ask_for_adjustment(
        user_id=user_id, currency=currency, amount=amount, reason=reason, staff=staff, now=utcnow()
    )
    return _done(user_id, waits=asked.status == AdjustmentStatus.PENDING)


def _done(user_id: UUID, *, waits: bool = False) -> AnyResponse:
    if waits:
        flash(translate("Beyond what you may do alone: a second person has to approve it."), "warn")
    else:
        flash(translate("Done."))
    return redirect(url_for("console_people.one", user_id=user_id))
