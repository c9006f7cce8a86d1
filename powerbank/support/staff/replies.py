"""Saved replies: texts that staff send often, with values of the conversation filled in."""

import re
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.base.money import format_amount
from powerbank.ledger import queries as ledger
from powerbank.payments import queries as payments
from powerbank.rentals import queries as rentals
from powerbank.stations.models import Station
from powerbank.support.models import Conversation, SavedReply, Subject
from powerbank.users.models import User

PLACEHOLDER = re.compile(r"\{\{\s*([a-z_.]+)\s*\}\}")
STATION_VALUES = ("station.name", "station.sn")
VALUES = (
    "person.first_name",
    "person.username",
    "wallet.balance",
    "rental.code",
    "rental.station",
    "topup.amount",
    "topup.reference",
    "station.name",
)


def refuse_unknown_values(text: str) -> None:
    """Refuse a text that names a value which no conversation has."""
    unknown = sorted(set(PLACEHOLDER.findall(text)) - {*VALUES})
    if unknown:
        raise ValidationError([f"There is no value {name}." for name in unknown])


def refuse_unknown_station_values(text: str) -> None:
    """Refuse a text to a venue that names anything but its station."""
    unknown = sorted(set(PLACEHOLDER.findall(text)) - {*STATION_VALUES})
    if unknown:
        raise ValidationError([f"There is no value {name}." for name in unknown])


def fill_in_reply(reply_id: UUID, conversation: Conversation) -> dict[str, Any]:
    """Write a reply in both languages, and list the values it names that this conversation does not have."""
    reply = db.session.get(SavedReply, reply_id)
    if reply is None:
        raise NotFoundError("saved reply")
    values = _values_of(conversation)
    named = {*PLACEHOLDER.findall(reply.text_en), *PLACEHOLDER.findall(reply.text_ne)}

    def fill(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    return {
        "text_en": fill(reply.text_en),
        "text_ne": fill(reply.text_ne),
        "language": conversation.language,
        "missing": sorted(named - values.keys()),
    }


def _values_of(conversation: Conversation) -> dict[str, str]:
    user = db.session.get_one(User, conversation.user_id)
    values = {
        "person.first_name": user.first_name or user.username,
        "person.username": user.username,
        "wallet.balance": format_amount(ledger.wallet_of_user(conversation.user_id).balance),
    }
    if conversation.subject_id is None:
        return values
    if conversation.subject == Subject.RENTAL:
        rental = rentals.find_rental(conversation.subject_id)
        values["rental.code"] = rental.code
        values["rental.station"] = db.session.get_one(Station, rental.station_id).name
    elif conversation.subject == Subject.TOPUP:
        intent = payments.find_intent(conversation.subject_id)
        values |= {"topup.amount": format_amount(intent.amount), "topup.reference": intent.reference or ""}
    else:
        values["station.name"] = db.session.get_one(Station, conversation.subject_id).name
    return values
