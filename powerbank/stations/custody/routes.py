"""Staff manage the stock of power banks and settle discrepancies."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent_if_asked
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, answer_accepted
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.stations.custody import bank_lists, discrepancies, placement, registration
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Discrepancy
from powerbank.stations.custody.schemas import (
    BankArguments,
    BankDetailSchema,
    BankFoundSchema,
    BankPlaceSchema,
    BanksMadeSchema,
    BanksSchema,
    DiscrepancyArguments,
    DiscrepancySchema,
    ListedBankSchema,
    QuarantineSchema,
)
from powerbank.stations.schemas import ResolutionSchema

blueprint = Blueprint("Power banks (staff)", __name__, url_prefix="/api/admin", description="The stock.")


@blueprint.route("/powerbanks")
class Banks(MethodView):
    @staff_only("stations.read")
    @blueprint.arguments(BankArguments, location="query")
    @blueprint.response(200, page_of(ListedBankSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All power banks, newest first"""
        return bank_lists.list_banks(**arguments)

    @staff_only("stations.write")
    @blueprint.arguments(BanksSchema)
    @blueprint.response(201, BanksMadeSchema)
    @blueprint.alt_response(202, schema=AcceptedSchema, description="A long list: look for the result later.")
    def post(self, body: dict[str, Any]) -> Any:
        """Take power banks into the stock"""
        if len(body["serials"]) > registration.MOST_PER_REQUEST:
            with transaction():
                operation = registration.request_registration(**body, staff_id=current_staff().id, now=utcnow())
                audit.record_by_staff(
                    "power_banks.register", "power_bank", "bulk", new=body | {"operation_id": str(operation.id)}
                )
            return answer_accepted(operation)
        with transaction():
            created, existing = registration.register_banks(**body, now=utcnow())
            audit.record_by_staff(
                "power_banks.register", "power_bank", "bulk", new={"serials": created, "model": body["model"]}
            )
        return {"created": created, "existing": existing}


@blueprint.get("/powerbanks/<serial>")
@staff_only("stations.read")
@blueprint.response(200, BankDetailSchema)
def detail(serial: str) -> dict[str, Any]:
    """A power bank and everywhere it was, newest first"""
    return custody_queries.describe_bank(custody_queries.find_bank(serial))


@blueprint.post("/powerbanks/<serial>/quarantine")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(QuarantineSchema)
@blueprint.response(200, BankDetailSchema)
def quarantine(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """Rent it out no more"""
    bank = banks.quarantine_bank(serial, reason=body["reason"], now=utcnow())
    audit.record_by_staff("power_banks.quarantine", "power_bank", serial, new=body)
    return custody_queries.describe_bank(bank)


@blueprint.post("/powerbanks/<serial>/release")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.response(200, BankDetailSchema)
def release(serial: str) -> dict[str, Any]:
    """It may be rented out again"""
    old = custody_queries.find_bank(serial)
    before = {"quarantine_reason": old.quarantine_reason, "doubt": old.doubt}
    bank = banks.release_bank(serial, now=utcnow())
    audit.record_by_staff("power_banks.release", "power_bank", serial, old=before)
    return custody_queries.describe_bank(bank)


@blueprint.post("/powerbanks/<serial>/write-off")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(QuarantineSchema)
@blueprint.response(200, BankDetailSchema)
def write_off(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """It is gone for good. If a station ever shows it again, it is back"""
    bank, before = placement.write_off_bank(serial, **body, by=staff_actor(current_staff().id), now=utcnow())
    audit.record_by_staff("power_banks.write_off", "power_bank", serial, old=before, new=body)
    return custody_queries.describe_bank(bank)


@blueprint.post("/powerbanks/<serial>/found")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(BankFoundSchema)
@blueprint.response(200, BankDetailSchema)
def found(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """One that was lost, written off or missing was found"""
    bank, before = placement.record_found_bank(serial, **body, by=staff_actor(current_staff().id), now=utcnow())
    audit.record_by_staff("power_banks.found", "power_bank", serial, old=before, new=body)
    return custody_queries.describe_bank(bank)


@blueprint.post("/powerbanks/<serial>/place")
@staff_only("stations.operate")
@idempotent_if_asked
@blueprint.arguments(BankPlaceSchema)
@blueprint.response(200, BankDetailSchema)
def place(body: dict[str, Any], serial: str) -> dict[str, Any]:
    """Say where it is"""
    bank, before = placement.place_bank(serial, **body, by=staff_actor(current_staff().id), now=utcnow())
    audit.record_by_staff("power_banks.place", "power_bank", serial, old=before, new=body)
    return custody_queries.describe_bank(bank)


@blueprint.get("/discrepancies")
@staff_only("stations.read")
@blueprint.arguments(DiscrepancyArguments, location="query")
@blueprint.response(200, page_of(DiscrepancySchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Where stations and the database disagree, newest first; open ones unless `state` says otherwise"""
    return custody_queries.list_discrepancies(**arguments)


@blueprint.post("/discrepancies/<uuid:discrepancy_id>/resolve")
@staff_only("stations.operate")
@blueprint.arguments(ResolutionSchema)
@blueprint.response(200, DiscrepancySchema)
def resolve(body: dict[str, Any], discrepancy_id: UUID) -> Discrepancy:
    """Settle a disagreement of station and database"""
    with transaction():
        discrepancy = discrepancies.resolve_discrepancy(
            discrepancy_id, resolution=body["resolution"], by=staff_actor(current_staff().id), now=utcnow()
        )
        audit.record_by_staff("discrepancies.resolve", "power_bank", str(discrepancy_id), new=body)
    return discrepancy
