"""Staff: the stock of power banks, and where the world and the database disagree."""

from typing import Any
from uuid import UUID

from flask.views import MethodView
from sqlalchemy import func, select

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent_if_asked
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, answer_accepted
from powerbank.api.paging import page, page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.stations.custody import discrepancies, placement, registration
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Custody, Discrepancy, PowerBank
from powerbank.stations.registry import queries
from powerbank.stations.registry.schemas import (
    BankArguments,
    BankDetailSchema,
    BankFoundSchema,
    BankPlaceSchema,
    BankSchema,
    BanksMadeSchema,
    BanksSchema,
    DiscrepancyArguments,
    DiscrepancySchema,
    QuarantineSchema,
    ResolutionSchema,
)

blueprint = Blueprint("Power banks (staff)", __name__, url_prefix="/api/admin", description="The stock.")


@blueprint.route("/powerbanks")
class Banks(MethodView):
    @staff_only("stations.read")
    @blueprint.arguments(BankArguments, location="query")
    @blueprint.response(200, page_of(BankSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All power banks, newest first"""
        query = select(PowerBank)
        place, quarantined = arguments.pop("place"), arguments.pop("quarantined")
        if place is not None:
            query = query.join(Custody, Custody.bank_id == PowerBank.id)
            query = query.where(func.upper_inf(Custody.period), Custody.place == place)
        if quarantined is not None:
            reason = PowerBank.quarantine_reason
            query = query.where(reason.is_not(None) if quarantined else reason.is_(None))
        return page(query, PowerBank.id, descending=True, **arguments)

    @staff_only("stations.write")
    @blueprint.arguments(BanksSchema)
    @blueprint.response(201, BanksMadeSchema)
    @blueprint.alt_response(202, schema=AcceptedSchema, description="A long list: look for the result later.")
    def post(self, body: dict[str, Any]) -> Any:
        """Take power banks into the stock"""
        if len(body["serials"]) > registration.MOST_PER_REQUEST:
            with transaction():
                operation = registration.request_registration(**body, staff_id=current_staff().id, now=utcnow())
                _audit("power_banks.register", "bulk", new=body | {"operation_id": str(operation.id)})
            return answer_accepted(operation)
        with transaction():
            created, existing = registration.register_banks(**body, now=utcnow())
            _audit("power_banks.register", "bulk", new={"serials": created, "model": body["model"]})
        return {"created": created, "existing": existing}


@blueprint.get("/powerbanks/<serial>")
@staff_only("stations.read")
@blueprint.response(200, BankDetailSchema)
def bank(serial: str) -> dict[str, Any]:
    """A power bank and everywhere it was, newest first"""
    return _detail(custody_queries.find_bank(serial))


@blueprint.post("/powerbanks/<serial>/quarantine")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(QuarantineSchema)
@blueprint.response(200, BankDetailSchema)
def quarantine(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """Rent it out no more"""
    row = banks.quarantine_bank(serial, reason=body["reason"], now=utcnow())
    _audit("power_banks.quarantine", serial, new=body)
    return _detail(row)


@blueprint.post("/powerbanks/<serial>/release")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.response(200, BankDetailSchema)
def release(serial: str) -> dict[str, Any]:
    """It may be rented out again"""
    old = custody_queries.find_bank(serial)
    before = {"quarantine_reason": old.quarantine_reason, "doubt": old.doubt}
    row = banks.release_bank(serial, now=utcnow())
    _audit("power_banks.release", serial, old=before)
    return _detail(row)


@blueprint.post("/powerbanks/<serial>/write-off")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(QuarantineSchema)
@blueprint.response(200, BankDetailSchema)
def write_off(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """It is gone for good. If a station ever shows it again, it is back"""
    row, before = placement.write_off_bank(serial, **body, by=staff_actor(current_staff().id), now=utcnow())
    _audit("power_banks.write_off", serial, old=before, new=body)
    return _detail(row)


@blueprint.post("/powerbanks/<serial>/found")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(BankFoundSchema)
@blueprint.response(200, BankDetailSchema)
def found(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """One that was lost, written off or missing was found"""
    row, before = placement.record_found_bank(serial, **body, by=staff_actor(current_staff().id), now=utcnow())
    _audit("power_banks.found", serial, old=before, new=body)
    return _detail(row)


@blueprint.post("/powerbanks/<serial>/place")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(BankPlaceSchema)
@blueprint.response(200, BankDetailSchema)
def place(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """Say where it is"""
    row, before = placement.place_bank(serial, **body, by=staff_actor(current_staff().id), now=utcnow())
    _audit("power_banks.place", serial, old=before, new=body)
    return _detail(row)


@blueprint.get("/discrepancies")
@staff_only("stations.read")
@blueprint.arguments(DiscrepancyArguments, location="query")
@blueprint.response(200, page_of(DiscrepancySchema))
def disagreements(arguments: dict[str, Any]) -> dict[str, Any]:
    """Where stations and the database disagree, newest first; open ones unless `state` says otherwise"""
    state, sn, kind = (arguments.pop(name) for name in ("state", "station_sn", "kind"))
    query = select(Discrepancy)
    if sn is not None:
        query = query.where(Discrepancy.station_id == queries.find_station(sn).id)
    if kind is not None:
        query = query.where(Discrepancy.kind == kind)
    if state != "all":
        is_open = Discrepancy.resolved_at.is_(None)
        query = query.where(is_open if state == "open" else ~is_open)
    return page(query, Discrepancy.id, descending=True, **arguments)


@blueprint.post("/discrepancies/<uuid:discrepancy_id>/resolve")
@staff_only("stations.operate")
@blueprint.arguments(ResolutionSchema)
@blueprint.response(200, DiscrepancySchema)
def resolve(body: dict[str, Any], discrepancy_id: UUID) -> Discrepancy:
    """Settled"""
    with transaction():
        row = discrepancies.resolve_discrepancy(
            discrepancy_id, resolution=body["resolution"], by=staff_actor(current_staff().id), now=utcnow()
        )
        _audit("discrepancies.resolve", str(discrepancy_id), new=body)
    return row


def _detail(row: PowerBank) -> dict[str, Any]:
    names = ("serial", "model", "health", "cycles", "quarantine_reason", "doubt", "created_at")
    stays = [
        {
            "place": stay.place,
            "station_sn": sn,
            "slot_number": stay.slot_number,
            "rental_id": stay.rental_id,
            "holder": stay.holder,
            "cause": stay.cause,
            "since": stay.since,
            "until": stay.until,
        }
        for stay, sn in custody_queries.list_stays(row.id)
    ]
    return {name: getattr(row, name) for name in names} | {"custody": stays}


def _audit(action: str, serial: str, **values: Any) -> None:
    actor = staff_actor(current_staff().id)
    audit.record(actor=actor, action=action, object_kind="power_bank", object_id=serial, **values)
