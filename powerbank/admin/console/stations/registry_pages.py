"""The console's forms of the registry: register a station, change it, and give it a new password."""

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug import Response as AnyResponse

from powerbank.admin.console.stations import station_forms
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError, InvalidFieldsError
from powerbank.pages.language import translate, translate_refusal
from powerbank.stations.models import Station
from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.registry import queries, services
from powerbank.stations.registry.credentials import NewCredentials
from powerbank.stations.registry.opening_hours import DAYS

blueprint = console_blueprint("console_registry", __name__, url_prefix="/console")


@blueprint.get("/new-station")
def new() -> str:
    page_staff("stations.write")
    return _show_form(None, station_forms.describe_new(), {})


@blueprint.post("/new-station")
def create() -> Response | str:
    page_staff("stations.write")
    try:
        facts = station_forms.read_new_station(request.form)
        with transaction():
            station, shown = services.register_station(**facts, now=utcnow())
            new = station_forms.describe_for_audit(station)
            audit.record_by_staff("stations.create", "station", station.sn, new=new)
    except (ValidationError, AppError) as refused:
        return _show_form(None, request.form, _errors_of(refused))
    return _show_credentials(station.sn, shown, registered=True)


@blueprint.get("/stations/<sn>/edit")
def edit(sn: str) -> str:
    page_staff("stations.write")
    station = queries.find_station(sn)
    return _show_form(station, station_forms.describe(station), {})


@blueprint.post("/stations/<sn>/edit")
def change(sn: str) -> AnyResponse | str:
    page_staff("stations.write")
    try:
        changes = station_forms.read_changes(request.form)
        with transaction():
            old = station_forms.describe_for_audit(queries.lock_station(sn))
            station = services.change_station(sn, changes)
            audit.record_by_staff(
                "stations.update", "station", sn, old=old, new=station_forms.describe_for_audit(station)
            )
    except (ValidationError, AppError) as refused:
        return _show_form(queries.find_station(sn), request.form, _errors_of(refused))
    flash(translate("Saved."))
    return redirect(url_for("console_stations.one", sn=sn))


@blueprint.post("/stations/<sn>/credentials")
def credentials(sn: str) -> Response:
    """Answer with the password itself: it stands in no address and in no cookie."""
    page_staff("stations.write")
    with transaction():
        shown = services.rotate_credentials(sn, now=utcnow())
        audit.record_by_staff("stations.rotate_credentials", "station", sn)
    return _show_credentials(sn, shown, registered=False)


def _show_credentials(sn: str, shown: NewCredentials, *, registered: bool) -> Response:
    page = render_template(
        "console/stations/credentials.html",
        staff=page_staff("stations.write"),
        sn=sn,
        credentials=shown,
        registered=registered,
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _show_form(station: Station | None, given: Any, errors: dict[str, str]) -> str:
    return render_template(
        "console/stations/form.html",
        staff=page_staff("stations.write"),
        station=station,
        given=given,
        errors=errors,
        days=DAYS,
        protocols=[(name, name) for name in PROTOCOLS],
        amenities=station_forms.AMENITIES,
    )


def _errors_of(refused: ValidationError | AppError) -> dict[str, str]:
    """Give what is wrong beside each field, and under an empty name what concerns none of them."""
    if isinstance(refused, ValidationError):
        wrong = refused.messages_dict
    elif isinstance(refused, InvalidFieldsError):
        wrong = dict(refused.data["errors"])
    else:
        return {"": translate_refusal(refused.detail)}
    return {str(name): translate_refusal(station_forms.find_first(messages)) for name, messages in wrong.items()}
