"""The console's search over everything, in a dialog on each page and as a page of its own."""

from flask import render_template, request

from powerbank.admin.console.search.addresses import address_of
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.admin.search import finders, opened

blueprint = console_blueprint("console_search", __name__, url_prefix="/console/search")


@blueprint.get("")
def results() -> str:
    staff = page_staff("search.read")
    q = request.args.get("q", "").strip()
    return render_template(
        "console/search/results.html",
        staff=staff,
        q=q,
        too_short=0 < len(q) < finders.SHORTEST,
        hits=finders.find_all(q, staff=staff),
        lately=[] if q else opened.list_opened(staff),
        address_of=address_of,
    )
