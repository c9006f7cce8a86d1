"""Staff read figures, and have them made again."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request

from powerbank.analytics import definitions, services
from powerbank.analytics.outlook import losses
from powerbank.analytics.schemas import (
    HOLIDAYS,
    AnswerSchema,
    DefinitionListSchema,
    FillInSchema,
    ForecastArguments,
    ForecastSchema,
    LosingPlaceListSchema,
    SpanArguments,
    WayListSchema,
)
from powerbank.analytics.screens import answers, csv_files, ways
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.crud import add_crud
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, answer_accepted, prefers_async
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow

blueprint = Blueprint(
    "Analytics", __name__, url_prefix="/api/admin/analytics", description="Figures of the network (staff)."
)

View = Callable[[dict[str, Any]], Response]

VIEWS = {
    "dashboard": "What matters most, beside the time before",
    "revenue": "What was earned, given back and paid in",
    "users": "Who came, and who was active",
    "stations": "Whether stations could serve, and what they could not sell",
    "rentals": "What became of rentals, and of which packages",
    "losses": "What stations lost because they were empty, full, away or failed",
    "fleet": "Where the power banks are, and how they are",
    "funnel": "How far the people came who signed up",
    "cohorts": "What became of the people of each week",
}
_ASYNC = "It has to be made first, or with `Prefer: respond-async`: look for it later."


def _answer(view: str, arguments: dict[str, Any]) -> Response:
    """Answer at once where the figures are there, and with an operation where it takes long to read them."""
    now = utcnow()
    question = answers.read_question(view, arguments, now=now)
    etag = question.key
    if etag in request.if_none_match:
        return _cacheable(Response(status=304), etag)
    kept = answers.find_kept_answer(question, now=now)
    if kept is None and (prefers_async() or question.is_wide):
        with transaction():
            operation = services.request_answer(view, arguments, staff_id=current_staff().id, now=now)
        return answer_accepted(operation)
    return _cacheable(jsonify(kept or answers.make_answer(question)), etag)


def _cacheable(response: Response, etag: str) -> Response:
    """Let a client keep the answer, and ask whether the figures have been made again since."""
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers.add("Vary", "Authorization")
    return response


def _titled(title: str) -> Callable[[View], View]:
    """Give a view its title in the reference, as a docstring does."""

    def give(view: View) -> View:
        view.__doc__ = title
        return view

    return give


def _add_view(view: str, title: str) -> None:
    @blueprint.get(f"/{view}", endpoint=view)
    @staff_only("analytics.read")
    @blueprint.arguments(SpanArguments, location="query")
    @blueprint.alt_response(200, schema=AnswerSchema)
    @blueprint.alt_response(202, schema=AcceptedSchema, description=_ASYNC)
    @_titled(title)
    def read(arguments: dict[str, Any]) -> Response:
        return _answer(view, arguments)

    @blueprint.get(f"/{view}.csv", endpoint=f"{view}_csv")
    @staff_only("analytics.read")
    @blueprint.arguments(SpanArguments, location="query")
    @blueprint.response(200, {"type": "string"}, content_type="text/csv")
    @_titled(f"{title}, as CSV")
    def export(arguments: dict[str, Any]) -> Response:
        question = answers.read_question(view, arguments, now=utcnow())
        with transaction():
            audit.record_by_staff("analytics.export", "analytics", view, new=answers.describe_request(view, arguments))
        return csv_files.answer_csv(question)


add_crud(blueprint, HOLIDAYS)
for _view, _title in VIEWS.items():
    _add_view(_view, _title)


@blueprint.get("/definitions")
@staff_only("analytics.read")
@blueprint.response(200, DefinitionListSchema)
def list_definitions() -> dict[str, Any]:
    """What each figure means, and from what it is made"""
    return {"items": definitions.list_definitions(), "next_cursor": None}


@blueprint.post("/fill-in")
@staff_only("analytics.write")
@blueprint.arguments(FillInSchema)
@blueprint.response(202, AcceptedSchema)
def fill_in(body: dict[str, Any]) -> Response:
    """Make the figures of some days again, from what happened"""
    with transaction():
        operation = services.request_fill_in(body["from_"], body["to"], staff_id=current_staff().id, now=utcnow())
    return answer_accepted(operation)


@blueprint.get("/forecast")
@staff_only("analytics.read")
@blueprint.arguments(ForecastArguments, location="query")
@blueprint.response(200, ForecastSchema)
def forecast(arguments: dict[str, Any]) -> dict[str, Any]:
    """What people will want of a station in the next 48 hours, and what it will lack"""
    return services.forecast(arguments["station_sn"], now=utcnow())


@blueprint.get("/returns")
@staff_only("analytics.read")
@blueprint.arguments(SpanArguments(exclude=("group", "package_id")), location="query")
@blueprint.response(200, WayListSchema)
def returns(arguments: dict[str, Any]) -> dict[str, Any]:
    """From which station to which power banks went, the busiest ways first"""
    question = answers.read_question("returns", arguments, now=utcnow())
    return {"items": ways.list_ways(question.asked.span, question.scope), "next_cursor": None}


@blueprint.get("/places")
@staff_only("analytics.read")
@blueprint.response(200, LosingPlaceListSchema)
def places() -> dict[str, Any]:
    """The ten places where a task pays most now"""
    return {"items": losses.list_places(now=utcnow()), "next_cursor": None}
