"""The console's pages of discrepancies: where a station and our books disagree, and how each is ended for good."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.banks import services as bank_view
from powerbank.admin.console.sections import STATIONS
from powerbank.admin.console.stations import tones
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.stations.custody import discrepancies, registration
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody.models import DiscrepancyKind
from powerbank.stations.custody.schemas import DiscrepancyArguments

blueprint = console_blueprint("console_discrepancies", __name__, url_prefix="/console/discrepancies")

PAGE = ListPage(
    "Discrepancies",
    STATIONS,
    columns=(
        lists.name("What", "kind"),
        lists.code("Power bank", "serial"),
        lists.words("Station", "station_sn"),
        lists.words("Warehouse", "warehouse"),
        lists.number("Slot", "slot_number"),
        lists.moment("Since", "opened_at"),
        lists.moment("Seen last", "last_seen_at"),
        lists.moment("Settled", "resolved_at"),
        lists.words("How", "resolution"),
    ),
    filters=(
        lists.choice("State", "state", ["open", "resolved", "all"]),
        lists.choice("What", "kind", [*DiscrepancyKind]),
        lists.text_field("Station", "station_sn"),
    ),
    empty=(
        "No open discrepancies.",
        "A power bank that a station shows, misses or does not know, other than in our books.",
    ),
    api="/api/admin/discrepancies",
    template="console/stations/discrepancies.html",
    file="discrepancies",
)


@blueprint.get("")
def listing() -> str | Response:
    staff = page_staff("stations.read")
    return show_list(PAGE, custody_queries.list_discrepancies, DiscrepancyArguments, staff=staff, tones=tones)


@blueprint.get("/<uuid:discrepancy_id>")
def one(discrepancy_id: UUID) -> str:
    staff = page_staff("stations.read")
    row = custody_queries.find_discrepancy(discrepancy_id)
    return render_template(
        "console/stations/discrepancy.html",
        staff=staff,
        tones=tones,
        row=row,
        bank=bank_view.find_described_bank(row.serial),
        places=bank_view.STAFF_PLACES,
    )


@blueprint.post("/<uuid:discrepancy_id>/resolve")
@refusals_lead_to("console_discrepancies.one")
@idempotent_form
def resolve(discrepancy_id: UUID) -> AnyResponse:
    """Settle by a sentence what is about no power bank of ours, or what somebody has looked at."""
    staff = page_staff("stations.operate")
    resolution = request.form.get("reason", "").strip()[:500]
    discrepancies.resolve_discrepancy(discrepancy_id, resolution=resolution, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("discrepancies.resolve", "power_bank", str(discrepancy_id), new={"resolution": resolution})
    flash(translate("Settled, as long as the station says the same."))
    return redirect(url_for("console_discrepancies.one", discrepancy_id=discrepancy_id))


@blueprint.post("/<uuid:discrepancy_id>/register")
@refusals_lead_to("console_discrepancies.one")
@idempotent_form
def register(discrepancy_id: UUID) -> AnyResponse:
    """Take the unknown power bank into the stock: it is ours, and nobody has registered it."""
    staff = page_staff("stations.write")
    row = custody_queries.find_discrepancy(discrepancy_id)
    created, _ = registration.register_banks(serials=[row.serial], model=None, now=utcnow())
    audit.record_by_staff("power_banks.register", "power_bank", "bulk", new={"serials": created, "model": None})
    discrepancies.close_discrepancies(row.serial, resolution="registered", by=staff_actor(staff.id), now=utcnow())
    flash(translate("It is in the stock now, and in its slot with the next report of the station."))
    return redirect(url_for("console_banks.one", serial=row.serial))
