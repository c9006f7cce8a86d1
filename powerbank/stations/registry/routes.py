"""Staff manage the registry of stations."""

from typing import Any

from flask import Response, request
from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent_if_asked
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.api.server.response_headers import cacheable
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.stations.commands.maintenance import switch_maintenance
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.models import Station
from powerbank.stations.packages import services as packages
from powerbank.stations.public import cards
from powerbank.stations.registry import csv_import, qr_codes, queries, services
from powerbank.stations.registry.credentials import NewCredentials
from powerbank.stations.registry.schemas import (
    CredentialsSchema,
    ImportArguments,
    ImportReportSchema,
    MaintenanceSchema,
    StaffStationArguments,
    StationChangeSchema,
    StationMadeSchema,
    StationSchema,
    StationSeenSchema,
    StationWithSlotsSchema,
)

blueprint = Blueprint("Stations (staff)", __name__, url_prefix="/api/admin/stations", description="The registry.")

CSV_BODY = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}


@blueprint.route("")
class Stations(MethodView):
    @staff_only("stations.read")
    @blueprint.arguments(StaffStationArguments, location="query")
    @blueprint.response(200, page_of(StationSeenSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All stations, inactive ones too"""
        found = queries.list_stations(**arguments)
        return found | {"items": [_show_station(each) for each in found["items"]]}

    @staff_only("stations.write")
    @blueprint.arguments(StationSchema)
    @blueprint.response(201, StationMadeSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Register a station. Its MQTT password is in this answer and nowhere else"""
        with transaction():
            station, shown = services.register_station(**body, now=utcnow())
            audit.record_by_staff("stations.create", "station", station.sn, new=_describe_for_audit(station))
        return _show_station(station) | {"mqtt": shown}


@blueprint.route("/<sn>")
class OneStation(MethodView):
    @staff_only("stations.read")
    @blueprint.response(200, StationWithSlotsSchema)
    def get(self, sn: str) -> dict[str, Any]:
        """A station with its slots"""
        station = queries.find_station(sn)
        slots = [cards.make_slot_card(each, with_serial=True) for each in queries.list_slots(station.id)]
        details = {"slots": slots, "packages": packages.list_packages_at(station.id)}
        return _show_station(station) | details | message_queries.count_bad_messages(station.id)

    @staff_only("stations.write")
    @blueprint.arguments(StationChangeSchema(partial=True))
    @blueprint.response(200, StationSeenSchema)
    def patch(self, body: dict[str, Any], sn: str) -> dict[str, Any]:
        """Change the fields given"""
        with transaction():
            old = _describe_for_audit(queries.lock_station(sn))
            station = services.change_station(sn, body)
            audit.record_by_staff("stations.update", "station", sn, old=old, new=_describe_for_audit(station))
        return _show_station(station)

    @staff_only("stations.write")
    @blueprint.response(204)
    def delete(self, sn: str) -> None:
        """Delete a station entered by mistake. One that was in use can only be made inactive"""
        with transaction():
            audit.record_by_staff("stations.delete", "station", sn, old=_describe_for_audit(queries.lock_station(sn)))
            services.delete_station(sn)


@blueprint.post("/<sn>/credentials")
@staff_only("stations.write")
@blueprint.response(201, CredentialsSchema)
def rotate(sn: str) -> NewCredentials:
    """A new MQTT password. The old one ends"""
    with transaction():
        shown = services.rotate_credentials(sn, now=utcnow())
        audit.record_by_staff("stations.rotate_credentials", "station", sn)
    return shown


@blueprint.post("/<sn>/maintenance")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(MaintenanceSchema)
@blueprint.response(200, StationSeenSchema)
def maintenance(body: dict[str, Any], sn: str) -> dict[str, Any]:
    """Take a station out of service, or put it back"""
    switched = switch_maintenance(sn, enable=body["enable"], staff_id=current_staff().id, now=utcnow())
    audit.record_by_staff("stations.maintenance", "station", sn, old=switched.old, new=body)
    return _show_station(switched.station)


@blueprint.get("/<sn>/qr.svg")
@staff_only("stations.read")
@blueprint.alt_response(200, schema={"type": "string"}, content_type="image/svg+xml")
def qr(sn: str) -> Response:
    """The code to print on the station"""
    drawn = qr_codes.draw_code(queries.find_station(sn).sn)
    response = cacheable(Response(drawn, content_type="image/svg+xml"), 3600)
    response.cache_control.public = False
    response.cache_control.private = True
    return response


@blueprint.post("/import")
@staff_only("stations.write")
@blueprint.arguments(ImportArguments, location="query")
@blueprint.doc(requestBody=CSV_BODY)
@blueprint.response(200, ImportReportSchema)
def import_file(arguments: dict[str, Any]) -> dict[str, Any]:
    """Register the stations of a CSV file, with a report on each row"""
    rows = csv_import.read_rows(request.get_data())
    with transaction():
        lines = csv_import.import_stations(rows, dry_run=arguments["dry_run"], now=utcnow())
        refused = sum(line.result == "refused" for line in lines)
        report = {"dry_run": arguments["dry_run"], "accepted": len(lines) - refused, "refused": refused}
        if not arguments["dry_run"]:
            made = [line.sn for line in lines if line.result == "created"]
            audit.record_by_staff("stations.import", "station", "import", new=report | {"sns": made})
    return report | {"rows": [_show_row(line) for line in lines]}


def _show_row(line: csv_import.ImportedRow) -> dict[str, Any]:
    shown: dict[str, Any] = {"row": line.row, "sn": line.sn, "result": line.result, "errors": line.errors}
    return shown | ({"mqtt": line.mqtt} if line.mqtt else {})


def _describe_for_audit(station: Station) -> dict[str, Any]:
    """Describe for the audit log all that staff may change, with the number of slots."""
    return dict(StationSchema().dump(station)) | {"slots": len(queries.list_slots(station.id))}


def _show_station(station: Station) -> dict[str, Any]:
    live = station.live
    names = [name for name, field in StationSchema().fields.items() if not field.load_only]
    return {name: getattr(station, name) for name in names} | {
        "partner_name": station.partner_name,
        "status": live.status,
        "available_banks": live.available_banks,
        "free_slots": live.free_slots,
        "last_seen": live.last_seen,
        "firmware": live.firmware,
    }
