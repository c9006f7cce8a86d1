"""The console's pages of power banks: the list, one with everywhere it was, and what staff say about it."""

from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask import request as asked_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.banks import services as bank_view
from powerbank.admin.console.sections import POWER_BANKS
from powerbank.admin.console.stations import tones
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import Filter, ListPage, show_list
from powerbank.stations.custody import bank_lists, placement, registration
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Health, Place
from powerbank.stations.custody.schemas import BankArguments
from powerbank.stations.custody.timeline_picture import draw_timeline

blueprint = console_blueprint("console_banks", __name__, url_prefix="/console")

ONE = "console_banks.one"
DRAWN = 40  # stays of the picture, the newest; the table below has more

PAGE = ListPage(
    "Power banks",
    POWER_BANKS,
    columns=(
        lists.code("Serial", "serial"),
        lists.badge("Where", "place", tones.PLACE),
        lists.words("Station", "station_sn"),
        lists.number("Slot", "slot_number"),
        lists.number("Battery", "battery_level"),
        lists.badge("Health", "health", tones.HEALTH),
        lists.words("Held back", lambda row: row.quarantine_reason or row.doubt),
        lists.words("Model", "model"),
    ),
    filters=(
        lists.text_field("Serial", "q", "How it begins."),
        lists.choice("Where", "place", [*Place]),
        lists.text_field("Station", "station_sn"),
        lists.choice("Health", "health", [*Health]),
        Filter("Held back", "quarantined", "choice", (("true", "yes"), ("false", "no"))),
        lists.text_field("Battery below", "charge_below", "In percent, of those in a slot."),
    ),
    empty=("No power banks.", "A power bank stands here once it is registered; new ones are in a warehouse."),
    api="/api/admin/powerbanks",
    opens=lambda row: f"/console/powerbanks/{row.serial}",
    template="console/banks/list.html",
    file="power_banks",
)


@blueprint.get("/powerbanks")
def listing() -> str | Response:
    staff = page_staff("stations.read")
    return show_list(PAGE, bank_lists.list_banks, BankArguments, staff=staff)


@blueprint.get("/powerbanks/<serial>")
def one(serial: str) -> str:
    staff = page_staff("stations.read")
    bank = custody_queries.describe_bank(custody_queries.find_bank(serial))
    return render_template(
        "console/banks/bank.html",
        staff=staff,
        tones=tones,
        bank=bank,
        here=bank["custody"][0],
        picture=draw_timeline(bank["custody"][:DRAWN], now=utcnow()),
        discrepancies=custody_queries.list_open_discrepancies_of_bank(serial),
        places=bank_view.STAFF_PLACES,
    )


@blueprint.post("/powerbanks/<serial>/quarantine")
@refusals_lead_to(ONE)
@idempotent_form
def quarantine(serial: str) -> AnyResponse:
    page_staff("stations.operate")
    body = bank_view.read_reason(asked_for.form)
    banks.quarantine_bank(serial, reason=body["reason"], now=utcnow())
    audit.record_by_staff("power_banks.quarantine", "power_bank", serial, new=body)
    return _done(serial, translate("In quarantine: it is not rented out."))


@blueprint.post("/powerbanks/<serial>/release")
@refusals_lead_to(ONE)
@idempotent_form
def release(serial: str) -> AnyResponse:
    page_staff("stations.operate")
    old = custody_queries.find_bank(serial)
    before = {"quarantine_reason": old.quarantine_reason, "doubt": old.doubt}
    banks.release_bank(serial, now=utcnow())
    audit.record_by_staff("power_banks.release", "power_bank", serial, old=before)
    return _done(serial, translate("Released: it may be rented out again."))


@blueprint.post("/powerbanks/<serial>/write-off")
@refusals_lead_to(ONE)
@idempotent_form
def write_off(serial: str) -> AnyResponse:
    staff = page_staff("stations.operate")
    body = bank_view.read_reason(asked_for.form)
    _, before = placement.write_off_bank(serial, **body, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("power_banks.write_off", "power_bank", serial, old=before, new=body)
    return _done(serial, translate("Written off. If a station ever shows it again, it is back."))


@blueprint.post("/powerbanks/<serial>/found")
@refusals_lead_to(ONE)
@idempotent_form
def found(serial: str) -> AnyResponse:
    staff = page_staff("stations.operate")
    body = bank_view.read_place(asked_for.form)
    _, before = placement.record_found_bank(serial, **body, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("power_banks.found", "power_bank", serial, old=before, new=body)
    return _done(serial, translate("Found: it is in the stock again."))


@blueprint.post("/powerbanks/<serial>/place")
@refusals_lead_to(ONE)
@idempotent_form
def place(serial: str) -> AnyResponse:
    staff = page_staff("stations.operate")
    body = bank_view.read_place(asked_for.form)
    _, before = placement.place_bank(serial, **body, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("power_banks.place", "power_bank", serial, old=before, new=body)
    return _done(serial, translate("Placed. The station of a slot has the last word."))


@blueprint.get("/new-powerbanks")
def new() -> str:
    staff = page_staff("stations.write")
    return render_template("console/banks/register.html", staff=staff, most=registration.MOST_PER_REQUEST)


@blueprint.post("/new-powerbanks")
@refusals_lead_to("console_banks.new")
@idempotent_form
def register() -> AnyResponse:
    staff = page_staff("stations.write")
    body: dict[str, Any] = bank_view.read_serials(asked_for.form)
    if len(body["serials"]) > registration.MOST_PER_REQUEST:
        operation = registration.request_registration(**body, staff_id=staff.id, now=utcnow())
        wanted = body | {"operation_id": str(operation.id)}
        audit.record_by_staff("power_banks.register", "power_bank", "bulk", new=wanted)
        return redirect(url_for("console_operations.show", operation_id=operation.id))
    created, existing = registration.register_banks(**body, now=utcnow())
    audit.record_by_staff(
        "power_banks.register", "power_bank", "bulk", new={"serials": created, "model": body["model"]}
    )
    flash(translate("Registered: {created}. Known already: {existing}.", created=len(created), existing=len(existing)))
    return redirect(url_for("console_banks.listing"))


def _done(serial: str, told: str) -> AnyResponse:
    flash(told)
    return redirect(url_for(ONE, serial=serial))
