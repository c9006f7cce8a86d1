"""The console's pages of cases: the queue of what people reported, and the photos that came with it."""

from uuid import UUID

from flask import Response, redirect, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console import tones
from powerbank.admin.console.columns import member, person
from powerbank.admin.console.sections import RENTALS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.pages import lists
from powerbank.pages.lists import ListPage, show_list
from powerbank.rentals.disputes import queries
from powerbank.rentals.disputes.models import CaseStatus, IssueType, RentalCase
from powerbank.rentals.disputes.schemas import CaseArguments
from powerbank.stations.issues import photos

blueprint = console_blueprint("console_cases", __name__, url_prefix="/console/cases")


def _address(case: RentalCase) -> str:
    return url_for("console_rentals.one", rental_id=case.rental_id, _anchor=f"case-{case.id}")


CASES = ListPage(
    "Cases",
    RENTALS,
    columns=(
        lists.code("Rental", "rental.code"),
        lists.name("Issue", "issue_type"),
        lists.badge("State", "status", tones.CASE),
        lists.moment("Reported", "reported_at"),
        person("Person", "rental.user_id"),
        lists.words("What the person says", "description", "long"),
        member("Decided by", "decided_by"),
    ),
    filters=(
        lists.choice("State", "status", [*CaseStatus]),
        lists.choice("Issue", "issue_type", [*IssueType]),
    ),
    empty=("No cases.", "What people report about a rental stands here, and what the records do not prove waits."),
    api="/api/admin/rental-cases",
    opens=_address,
    file="rental_cases",
)


@blueprint.get("")
def listing() -> str | AnyResponse | Response:
    staff = page_staff("rentals.read")
    if "status" not in request.args:  # what waits is why one comes here
        return redirect(url_for("console_cases.listing", status=CaseStatus.OPEN.value))
    return show_list(CASES, queries.case_page, CaseArguments, staff=staff)


@blueprint.get("/next")
def next_case() -> AnyResponse:
    """Lead to the open case that has waited longest after this one, so that the queue is worked through one by one."""
    page_staff("rentals.read")
    case = queries.find_next_open_case(after=request.args.get("after", type=UUID))
    if case is None:
        return redirect(url_for("console_cases.listing", status=CaseStatus.OPEN.value))
    return redirect(_address(case))


@blueprint.get("/photos/<uuid:photo_id>.jpg")
def photo(photo_id: UUID) -> Response:
    """Show a photo that a person sent with a report."""
    page_staff("rentals.read")
    response = Response(photos.find_photo_content(photo_id), content_type="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return response
