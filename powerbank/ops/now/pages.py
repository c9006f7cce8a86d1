"""The first page of the console: what happens in the network now."""

from flask import render_template

from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.stations.availability import map_cells

blueprint = console_blueprint("console_now", __name__, url_prefix="/console/now")


@blueprint.get("")
def show() -> str:
    staff = page_staff("stations.read")
    return render_template("console/now/now.html", staff=staff, extent=map_cells.find_extent())
