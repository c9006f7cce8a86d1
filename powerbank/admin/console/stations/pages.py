"""The console's page of one station: its cabinet as it is now, what it was like, what is wrong, and what staff do."""

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.stations import services as station_view
from powerbank.admin.console.stations import tones
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.clock import local_day, local_midnight
from powerbank.base.db import utcnow
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.partners import queries as partners
from powerbank.rentals import station_day
from powerbank.stations.availability import history
from powerbank.stations.availability.history import Period
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import slot_inspection, staff_commands
from powerbank.stations.commands.maintenance import switch_maintenance
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.issues import queries as issue_queries
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.packages import services as packages
from powerbank.stations.registry import opening_hours, queries

blueprint = console_blueprint("console_stations", __name__, url_prefix="/console/stations")

PAGE = "console_stations.one"
SHOWN = 6  # the newest of each kind; all of them have a list of their own
RENTALS_SHOWN = 10


@blueprint.get("/<sn>")
def one(sn: str) -> str:
    staff = page_staff("stations.read")
    station, now = queries.find_station(sn), utcnow()
    day = station_day.read_station_day(station, since=local_midnight(now), now=now)
    newest: dict[str, Any] = {"limit": SHOWN, "cursor": None}
    return render_template(
        "console/stations/station.html",
        staff=staff,
        tones=tones,
        station=station,
        slots=station_view.describe_slots(station),
        sendable=station_view.list_sendable_commands(station),
        is_open=opening_hours.is_open(station.live.hours, station.timezone, now),
        hours_today=opening_hours.describe_today(station.live.hours, station.timezone, now),
        packages=packages.list_packages_at(station.id),
        bad_messages=message_queries.count_bad_messages(station.id),
        day=day if staff.may("rentals.read") else None,
        rentals_shown=RENTALS_SHOWN,
        agreement=partners.find_agreement_of_station(station.id, day=local_day(now)),
        issues=issue_queries.list_issues(state="open", priority=None, station_sn=sn, **newest)["items"],
        discrepancies=custody_queries.list_discrepancies(state="open", kind=None, station_sn=sn, **newest)["items"],
        commands=command_queries.list_commands(sn, status=None, **newest)["items"],
        reports=message_queries.list_messages(sn, outcome=None, **newest)["items"],
        period=_read_period(),
        periods=[*Period],
    )


@blueprint.get("/<sn>/history.json")
def plot(sn: str) -> Response:
    page_staff("stations.read")
    station = queries.find_station(sn)
    found = history.read_history(station, _read_period(), now=utcnow())
    labels = {
        "offline": translate("offline"),
        "maintenance": translate("maintenance"),
        "banks": translate("Banks"),
        "rentable": translate("To rent"),
        "charge": translate("Mean charge"),
    }
    return jsonify(station_view.make_plot(found, labels, zone=station.timezone))


@blueprint.post("/<sn>/maintenance")
@refusals_lead_to(PAGE)
@idempotent_form
def maintenance(sn: str) -> AnyResponse:
    staff = page_staff("stations.operate")
    enable = request.form.get("enable") == "on"
    switched = switch_maintenance(sn, enable=enable, staff_id=staff.id, now=utcnow())
    wanted = {"enable": enable, "reason": request.form.get("reason", "")[:500]}
    audit.record_by_staff("stations.maintenance", "station", sn, old=switched.old, new=wanted)
    flash(translate("In maintenance: nobody rents here now.") if enable else translate("Back in service."))
    return redirect(url_for(PAGE, sn=sn))


@blueprint.post("/<sn>/command")
@refusals_lead_to(PAGE)
@idempotent_form
def command(sn: str) -> AnyResponse:
    staff = page_staff("stations.operate")
    station = queries.find_station(sn)
    name, parameters = station_view.read_command(station, request.form)
    made = staff_commands.request_command_by_staff(
        station, command=name, parameters=parameters, staff_id=staff.id, now=utcnow()
    )
    wanted = {"command": name, "parameters": parameters, "command_id": str(made.id)}
    audit.record_by_staff("stations.command", "station", sn, new=wanted)
    flash(translate("The command is on its way. Its outcome stands below."))
    return redirect(url_for(PAGE, sn=sn, _anchor="commands"))


@blueprint.post("/<sn>/slots/<int:slot_number>/release")
@refusals_lead_to(PAGE)
@idempotent_form
def release_slot(sn: str, slot_number: int) -> AnyResponse:
    staff = page_staff("stations.operate")
    slot_inspection.release_slot(queries.find_station(sn), slot_number, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("stations.release_slot", "station", sn, new={"slot_number": slot_number})
    flash(translate("Slot {number} is in use again.", number=slot_number))
    return redirect(url_for(PAGE, sn=sn))


def _read_period() -> Period:
    asked = request.args.get("range", Period.DAY)
    return Period(asked) if asked in [*Period] else Period.DAY
