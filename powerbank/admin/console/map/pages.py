"""The map of the console: what a view of it shows, and who stands behind one of its marks.

Both answer a part of a page. The script of the map (`static/pages/map.js`) puts it beside the map and draws its marks
from it, so the list says all that the map says.
"""

from typing import Any

from flask import abort, render_template, request
from marshmallow import EXCLUDE, Schema, ValidationError

from powerbank.admin.console.map.schemas import MembersArguments, ViewArguments
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.stations.availability import map_cells
from powerbank.stations.availability.map_cells import MapState, View

blueprint = console_blueprint("console_map", __name__, url_prefix="/console/map")


@blueprint.get("/view")
def view() -> str:
    page_staff("stations.read")
    asked = _read(ViewArguments)
    zoom = asked.pop("zoom")
    cells = map_cells.list_cells(View(**asked), zoom=zoom)
    totals = {state: sum(getattr(cell, state) for cell in cells) for state in MapState}
    return render_template(
        "console/map/view.html",
        cells=cells,
        totals=totals,
        chosen=asked["state"],
        nearest=zoom == map_cells.DEEPEST_ZOOM,
    )


@blueprint.get("/members")
def members() -> str:
    page_staff("stations.read")
    asked = _read(MembersArguments)
    after = asked.pop("after")
    found, following = map_cells.list_members(View(**asked), after=after)
    return render_template("console/map/members.html", members=found, following=following)


def _read(schema: type[Schema]) -> dict[str, Any]:
    given = {name: value for name, value in request.args.items() if value}
    try:
        asked: dict[str, Any] = schema(unknown=EXCLUDE).load(given)
    except ValidationError:
        abort(422)
    return asked
