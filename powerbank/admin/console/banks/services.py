"""What the console's pages of power banks show, and what their forms say."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody.models import Place
from powerbank.stations.custody.schemas import BankPlaceSchema, BanksSchema, QuarantineSchema

STAFF_PLACES = (Place.WAREHOUSE, Place.SLOT, Place.CREW, Place.QUARANTINED)


def find_described_bank(serial: str) -> dict[str, Any] | None:
    """Describe a power bank with everywhere it was; None if it is in no register."""
    try:
        return custody_queries.describe_bank(custody_queries.find_bank(serial))
    except NotFoundError:
        return None


def read_reason(form: Mapping[str, str]) -> dict[str, Any]:
    return _load(QuarantineSchema, {"reason": form.get("reason", "").strip()})


def read_place(form: Mapping[str, str]) -> dict[str, Any]:
    """Read where a power bank is: fields that do not belong to the place are left out."""
    given: dict[str, Any] = {"reason": form.get("reason", "").strip(), "place": form.get("place", "")}
    if given["place"] == Place.SLOT:
        number = form.get("slot_number", "")
        given["station_sn"] = form.get("station_sn", "").strip()
        given["slot_number"] = int(number) if number.isdecimal() else None
    elif form.get("holder", "").strip():
        given["holder"] = form["holder"].strip()
    return _load(BankPlaceSchema, {name: value for name, value in given.items() if value not in (None, "")})


def read_serials(form: Mapping[str, str]) -> dict[str, Any]:
    """Read a list of serials, separated by whatever their source separates them with."""
    serials = form.get("serials", "").replace(",", " ").replace(";", " ").split()
    return _load(BanksSchema, {"serials": serials, "model": form.get("model", "").strip() or None})


def _load(schema: type[Any], given: dict[str, Any]) -> dict[str, Any]:
    try:
        body: dict[str, Any] = schema().load(given)
    except ValidationError as wrong:
        raise InvalidFieldsError(wrong.messages_dict, detail=_first(wrong.messages_dict)) from None
    return body


def _first(messages: Any) -> str:
    while isinstance(messages, dict | list) and messages:
        messages = next(iter(messages.values())) if isinstance(messages, dict) else messages[0]
    return str(messages)
