"""The console's pages of rentals: the list, one rental with all that is known of it, and decisions about it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console import tones
from powerbank.admin.console.columns import person
from powerbank.admin.console.rentals.timeline import rental_timeline
from powerbank.admin.console.sections import RENTALS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.clock import HOME
from powerbank.base.db import transaction, utcnow
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.ledger.adjustments.services import ask_to_waive_due
from powerbank.notifications.people.queries import list_notices_about
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, read_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.payments.dues.schemas import WaiveSchema
from powerbank.rentals import cards, locations, queries
from powerbank.rentals.staff import decisions, dossier
from powerbank.rentals.staff.resolution import Action
from powerbank.rentals.staff.schemas import RentalResolutionSchema, SearchArguments
from powerbank.rentals.staff.troubles import Trouble
from powerbank.rentals.states import Status

blueprint = console_blueprint("console_rentals", __name__, url_prefix="/console/rentals")

ALL = ListPage(
    "Rentals",
    RENTALS,
    columns=(
        lists.code("Code", "rental.code"),
        lists.badge("State", "rental.status", tones.RENTAL),
        person("Person", "rental.user_id"),
        lists.link("Station", "station.sn", lambda card: f"/console/stations/{card.station.sn}"),
        lists.words("Power bank", "powerbank_sn"),
        lists.moment("Begun", "rental.created_at"),
        lists.moment("Due", "rental.due_at"),
        lists.amount("Paid", "amount_paid"),
        lists.amount("Owed", "due_amount"),
    ),
    filters=(
        lists.choice("State", "status", [*Status]),
        lists.choice("Trouble", "trouble", [*Trouble]),
        lists.text_field("Code", "code"),
        lists.text_field("Station", "station_sn"),
        lists.text_field("Power bank", "powerbank_sn"),
        lists.text_field("Person", "user_id", "The person's id."),
        lists.day("From", "since"),
        lists.day("Until", "until"),
    ),
    empty=("No rentals.", "A rental stands here from the moment in which somebody scans a station and pays."),
    api="/api/admin/rentals",
    opens=lambda card: url_for("console_rentals.one", rental_id=card.rental.id),
    file="rentals",
)


@blueprint.get("")
def listing() -> str | Response:
    staff = page_staff("rentals.read")
    return show_list(ALL, lambda **asked: cards.card_page(now=utcnow(), **asked), SearchArguments, staff=staff)


@blueprint.get("/<uuid:rental_id>")
def one(rental_id: UUID) -> str:
    staff = page_staff("rentals.read")
    now = utcnow()
    rental = queries.find_rental(rental_id)
    found = dossier.rental_dossier(rental, now=now)
    messages = list_notices_about("rental_id", rental_id, user_id=rental.user_id, since=rental.created_at)
    return render_template(
        "console/rentals/one.html",
        staff=staff,
        rental=rental,
        card=found["rental"],
        dossier=found,
        moments=rental_timeline(found, messages),
        possible=decisions.possible_actions(found["rental"], staff=staff),
        may_decide_cases=staff.may(decisions.permission_of(Action.UPHOLD)),
        now=now.astimezone(HOME),
        tones=tones.RENTAL,
    )


@blueprint.post("/<uuid:rental_id>/resolve")
@refusals_lead_to("console_rentals.one")
@idempotent_form
def resolve(rental_id: UUID) -> AnyResponse:
    staff = page_staff("rentals.resolve")
    asked = read_form(RentalResolutionSchema, at=_with_zone)
    done = decisions.decide_by_staff(rental_id, staff=staff, now=utcnow(), **asked)
    return _after(done, rental_id)


@blueprint.post("/<uuid:rental_id>/dues/<uuid:due_id>/waive")
@refusals_lead_to("console_rentals.one")
@idempotent_form
def waive(rental_id: UUID, due_id: UUID) -> AnyResponse:
    staff = page_staff("ledger.adjust")
    done = ask_to_waive_due(due_id, staff=staff, now=utcnow(), **read_form(WaiveSchema))
    return _after(done, rental_id)


@blueprint.get("/<uuid:rental_id>/places")
def places(rental_id: UUID) -> str:
    """Show where the person's phone was; who looks is on record."""
    staff = page_staff("rentals.locate")
    with transaction():
        rental = queries.find_rental(rental_id)
        audit.record_by_staff("rental.read_locations", "rental", rental.id, new={"user_id": str(rental.user_id)})
        found = locations.location_page(rental, limit=100, cursor=None)
    return render_template("console/rentals/places.html", staff=staff, rental=rental, places=found["items"])


def _after(done: Any, rental_id: UUID) -> AnyResponse:
    if isinstance(done, StaffAct):
        flash(translate("Beyond what you may do alone: a second person has to approve it."), "warn")
    else:
        flash(translate("Done."))
    return redirect(url_for("console_rentals.one", rental_id=rental_id))


def _with_zone(written: str) -> str:
    """Read a moment as a field of a form gives it: in the time of the network's home."""
    return datetime.fromisoformat(written).replace(tzinfo=HOME).isoformat()
