"""The console's list of stations, beside a map of them, and their CSV."""

from flask import Response

from powerbank.admin.console.sections import STATIONS
from powerbank.admin.console.stations import tones
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.pages import lists
from powerbank.pages.lists import ListPage, read_filters, show_list
from powerbank.stations.availability import map_cells
from powerbank.stations.models import StationStatus
from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.registry import filters, queries
from powerbank.stations.registry.filters import Lack, StationFilter
from powerbank.stations.registry.schemas import StaffStationArguments, StationFilterArguments

blueprint = console_blueprint("console_station_list", __name__, url_prefix="/console/stations")

PAGE = ListPage(
    "Stations",
    STATIONS,
    columns=(
        lists.words("Name", "name"),
        lists.code("Station number", "sn"),
        lists.badge("State", "live.status", tones.STATUS),
        lists.words("Town", "city", "more"),
        lists.words("Partner", "partner_name", "more"),
        lists.number("To rent", "live.available_banks"),
        lists.number("Free slots", "live.free_slots"),
        lists.moment("Last heard", "live.last_seen"),
        lists.words("Firmware", "live.firmware", "more"),
    ),
    filters=(
        lists.text_field("Words", "q", "Of the name, address or number."),
        lists.text_field("Town", "city"),
        lists.choice("State", "status", [*StationStatus]),
        lists.choice("Lacks", "lacks", [*Lack]),
        lists.choice("Protocol", "protocol", [*PROTOCOLS]),
        lists.text_field("Partner", "partner", "How its name begins."),
    ),
    empty=("No stations.", "A station stands here once it is registered, one by one or from a file."),
    api="/api/admin/stations",
    opens=lambda row: f"/console/stations/{row.sn}",
    template="console/stations/list.html",
    file="stations",
)


@blueprint.get("")
def listing() -> str | Response:
    staff = page_staff("stations.read")
    asked = read_filters(PAGE.filters, StationFilterArguments)
    return show_list(
        PAGE,
        queries.list_stations,
        StaffStationArguments,
        staff=staff,
        count=filters.count_stations(StationFilter(**asked.arguments)),
        extent=map_cells.find_extent(),
    )
