"""The console's pages of QR codes: that of one station, and sheets of many to print."""

from flask import Response, render_template, request

from powerbank.admin.console.sections import STATIONS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import find_page
from powerbank.pages import lists
from powerbank.pages.lists import read_filters
from powerbank.stations.registry import qr_codes, queries
from powerbank.stations.registry.qr_codes import GRIDS, LabelSize
from powerbank.stations.registry.schemas import StationFilterArguments

blueprint = console_blueprint("console_station_codes", __name__, url_prefix="/console")

# Of one page: a printer takes them at once, and the next page has the next ones.
SHEETS = {LabelSize.LARGE: 4, LabelSize.SMALL: 2}
FILTERS = (
    lists.text_field("Words", "q", "Of the name, address or number."),
    lists.text_field("Town", "city"),
)


@blueprint.get("/station-codes")
def sheets() -> str:
    staff = page_staff("stations.read")
    size = LabelSize(request.args["size"]) if request.args.get("size") in [*LabelSize] else LabelSize.LARGE
    asked = read_filters(FILTERS, StationFilterArguments)
    per_sheet = GRIDS[size].per_sheet
    found = find_page(
        lambda cursor: queries.list_stations(**asked.arguments, limit=per_sheet * SHEETS[size], cursor=cursor),
        request.args.get("cursor"),
    )
    stations = found["items"]
    drawn = [
        qr_codes.draw_sheet(stations[start : start + per_sheet], size) for start in range(0, len(stations), per_sheet)
    ]
    return render_template(
        "console/stations/codes.html",
        staff=staff,
        section=STATIONS,
        filters=FILTERS,
        asked=asked,
        size=size,
        sheets=drawn,
        stations=len(stations),
        next_cursor=found["next_cursor"],
    )


@blueprint.get("/stations/<sn>/code")
def one(sn: str) -> str:
    staff = page_staff("stations.read")
    station = queries.find_station(sn)
    drawn = qr_codes.draw_code(sn).decode().partition("?>")[2]
    return render_template("console/stations/code.html", staff=staff, station=station, code=drawn)


@blueprint.get("/stations/<sn>/code.svg")
def file(sn: str) -> Response:
    page_staff("stations.read")
    return Response(qr_codes.draw_code(queries.find_station(sn).sn), content_type="image/svg+xml")
