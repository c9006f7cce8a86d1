"""The console's list of starts that were refused: who wanted a power bank where, and why there was none."""

from flask import Response

from powerbank.admin.console.columns import person
from powerbank.admin.console.rentals.reasons import REASONS, write_reason
from powerbank.admin.console.sections import RENTALS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.pages import lists
from powerbank.pages.lists import Column, ListPage, show_list
from powerbank.rentals.start import queries
from powerbank.rentals.start.models import RefusedStart
from powerbank.rentals.start.schemas import RefusedStartArguments

blueprint = console_blueprint("console_refused_starts", __name__, url_prefix="/console/refused-starts")


def _address_of_station(refused: RefusedStart) -> str | None:
    return None if refused.reason == "not_found" else f"/console/stations/{refused.station_sn}"


REFUSED = ListPage(
    "Refused starts",
    RENTALS,
    columns=(
        lists.moment("When", "at"),
        Column("Why", "reason", lambda given, _row: write_reason(given)),
        lists.link("Station", "station_sn", _address_of_station),
        person("Person"),
        lists.amount("Not sold", "value"),
    ),
    filters=(
        lists.options("Why", "reason", [*REASONS.items()]),
        lists.text_field("Station", "station_sn"),
        lists.text_field("Person", "user_id", "The person's id."),
        lists.day("From", "since"),
        lists.day("Until", "until"),
    ),
    empty=(
        "No refused starts.",
        "Whoever wants a power bank and gets none stands here for 90 days, with the reason.",
    ),
    api="/api/admin/refused-starts",
    file="refused_starts",
)


@blueprint.get("")
def listing() -> str | Response:
    return show_list(REFUSED, queries.refused_start_page, RefusedStartArguments, staff=page_staff("rentals.read"))
