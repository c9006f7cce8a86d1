"""What a conversation may be about: a rental, a top-up or a station. Only the person's own things are found.

A venue writes about its own stations, and the crew about any station. Whose account is blocked writes about what they
have paid, and not about stations.
"""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db
from powerbank.base.errors import InvalidFieldsError
from powerbank.partners import station_queries as venues
from powerbank.payments.topups import services as topups
from powerbank.rentals import queries as rentals
from powerbank.stations.models import Station
from powerbank.stations.registry import queries as stations
from powerbank.support.models import Conversation, Side, Subject
from powerbank.support.sides import Writer
from powerbank.users.errors import AccountBlockedError


def find_subject_id(subject: Subject, given: str | None, *, writer: Writer, today: date) -> UUID | None:
    """Find the id behind what a person names: a station by its number, all else by its id, and only what is theirs."""
    if subject is Subject.OTHER:
        if given is not None:
            raise InvalidFieldsError({"about": {"id": ["Something else has no id."]}})
        return None
    if given is None:
        raise InvalidFieldsError({"about": {"id": ["Missing data for required field."]}})
    if subject is Subject.STATION:
        if writer.is_blocked:
            raise AccountBlockedError
        return _find_station_id(given, writer, today)
    if writer.side is not Side.RIDER:
        raise InvalidFieldsError({"about": {"kind": ["Write about a station, or something else."]}})
    try:
        subject_id = UUID(given)
    except ValueError:
        raise InvalidFieldsError({"about": {"id": ["Not a valid UUID."]}}) from None
    if subject is Subject.RENTAL:
        return rentals.rental_of_user(subject_id, writer.user_id).id
    return topups.intent_of_user(subject_id, writer.user_id).id


def name_subjects(conversations: Collection[Conversation]) -> dict[UUID, str | None]:
    """Say for each conversation by which name its subject is asked for: the number of a station, or an id."""
    about_stations = [each.subject_id for each in conversations if each.subject == Subject.STATION]
    numbers: dict[UUID, str] = {}
    if about_stations:
        query = select(Station.id, Station.sn).where(Station.id.in_(about_stations))
        numbers = dict(db.session.execute(query).all())
    return {each.id: _name_subject(each.subject_id, numbers) for each in conversations}


def _find_station_id(sn: str, writer: Writer, today: date) -> UUID:
    if writer.partner_id is not None:
        venues.find_station(writer.partner_id, sn, today=today)
    return stations.find_station(sn).id if writer.side is not Side.RIDER else stations.find_public_station(sn).id


def _name_subject(subject_id: UUID | None, numbers: Mapping[UUID, str]) -> str | None:
    return None if subject_id is None else numbers.get(subject_id, str(subject_id))
