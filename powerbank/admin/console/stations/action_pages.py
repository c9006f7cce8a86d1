"""The console's page for an action on many stations: what is meant, how many they are, and what is done to them."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import EXCLUDE, ValidationError
from werkzeug import Response as AnyResponse

from powerbank.admin.console.stations import station_forms
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import utcnow
from powerbank.base.errors import AppError, InvalidFieldsError
from powerbank.pages.forms import idempotent_form
from powerbank.pages.language import translate_refusal
from powerbank.stations.actions import services as actions
from powerbank.stations.actions.schemas import StationActionSchema
from powerbank.stations.actions.services import StationAction
from powerbank.stations.commands import firmware
from powerbank.stations.registry import filters, queries
from powerbank.stations.registry.filters import StationFilter
from powerbank.stations.registry.schemas import StationFilterArguments

blueprint = console_blueprint("console_station_actions", __name__, url_prefix="/console/station-actions")

SAMPLE = 5
NUMBERS = ("count", "per_minute", "most_failures")
FIRMWARE = ("url", "sha256", "version")
FIRMWARE_PACE = {"per_minute": "30", "most_failures": "5"}  # what a careful roll-out begins with


@blueprint.get("")
def preview() -> str:
    """Show which stations are meant and how many they are, before anything is done."""
    page_staff("stations.operate")
    return _show_preview(request.args, {})


@blueprint.post("")
def act() -> AnyResponse | str:
    page_staff("stations.operate")
    try:
        body = _read_action(request.form)
        firmware.refuse_foreign_host(body["action"], body["parameters"].get("url"))
        return _accept(body)
    except ValidationError as wrong:
        errors = {str(name): station_forms.find_first(each) for name, each in wrong.messages_dict.items()}
    except InvalidFieldsError as refused:
        errors = {str(name): station_forms.find_first(each) for name, each in refused.data["errors"].items()}
    except AppError as refused:
        flash(translate_refusal(refused.detail), "bad")
        errors = {}
    return _show_preview(request.form, errors)


@idempotent_form
def _accept(body: dict[str, Any]) -> AnyResponse:
    staff = page_staff("stations.operate")
    wanted = {name: body[name] for name in StationFilterArguments().fields}
    rest = {name: value for name, value in body.items() if name not in wanted}
    operation = actions.request_action(**rest, stations=StationFilter(**wanted), staff_id=staff.id, now=utcnow())
    return redirect(url_for("console_operations.show", operation_id=operation.id))


def _read_action(form: Any) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in form.items() if value.strip()}
    for name in NUMBERS:
        if name in given:
            given[name] = int(given[name]) if given[name].isdecimal() else given[name]
    if form.get("action") == StationAction.UPDATE_FIRMWARE:
        given["parameters"] = {name: form.get(name, "").strip() for name in FIRMWARE}
    if sns := form.getlist("id"):
        given["sns"] = sns
    body: dict[str, Any] = StationActionSchema(unknown=EXCLUDE).load(given)
    return body


def _show_preview(given: Any, errors: dict[str, str]) -> str:
    sns, wanted = given.getlist("id"), _read_filter(given)
    stations = StationFilter(**wanted)
    is_new = request.method == "GET"
    return render_template(
        "console/stations/act.html",
        staff=page_staff("stations.operate"),
        given=given,
        pace=FIRMWARE_PACE if is_new and given.get("action") == StationAction.UPDATE_FIRMWARE else given,
        action=given.get("action") if given.get("action") in [*StationAction] else StationAction.MAINTENANCE_ON,
        sns=sns,
        asked={name: value for name, value in wanted.items() if value is not None},
        count=len(sns) or filters.count_stations(stations),
        sample=[] if sns else queries.list_stations(**wanted, limit=SAMPLE, cursor=None)["items"],
        errors=errors,
    )


def _read_filter(given: Any) -> dict[str, Any]:
    schema = StationFilterArguments(unknown=EXCLUDE)
    try:
        wanted: dict[str, Any] = schema.load({name: value for name, value in given.items() if value})
    except ValidationError:
        wanted = schema.load({})
    return wanted
