"""The page on which staff begin a conversation with a venue."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import SUPPORT
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import utcnow
from powerbank.pages.forms import ONCE, idempotent_form, read_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.partners import queries as partners
from powerbank.stations.registry import queries as stations
from powerbank.support.staff import venues
from powerbank.support.staff.schemas import ToVenueSchema
from powerbank.support.venues import find_venue_id

blueprint = console_blueprint("console_support_venues", __name__, url_prefix="/console/support/venues")


@blueprint.get("/of/<sn>")
def of_station(sn: str) -> AnyResponse:
    """Lead to the page on which one writes to the venue of a station."""
    page_staff("support.write")
    station = stations.find_station(sn)
    partner_id = find_venue_id(station, now=utcnow())
    if partner_id is None:
        flash(translate("This station belongs to no venue."), "warn")
        return redirect(url_for("console_stations.one", sn=sn))
    return redirect(url_for("console_support_venues.new", partner_id=partner_id, station=sn))


@blueprint.get("/<uuid:partner_id>")
def new(partner_id: UUID) -> str:
    staff = page_staff("support.write")
    return render_template(
        "console/support/to_venue.html",
        staff=staff,
        section=SUPPORT,
        partner=partners.find_partner(partner_id),
        sn=request.args.get("station", ""),
    )


@blueprint.post("/<uuid:partner_id>")
@refusals_lead_to("console_support_venues.new")
@idempotent_form
def write(partner_id: UUID) -> AnyResponse:
    staff = page_staff("support.write")
    asked = read_form(ToVenueSchema) | {"partner_id": partner_id, "client_id": request.form[ONCE]}
    conversation, _ = venues.write_to_venue(staff=staff, now=utcnow(), **asked)
    return redirect(url_for("console_support.one", conversation_id=conversation.id, _anchor="newest"))
