"""Staff, or an alert, begin a conversation with the people of a venue about one of its stations."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.clock import local_day
from powerbank.base.db import db, open_session
from powerbank.base.errors import ConflictError
from powerbank.partners import queries as partners
from powerbank.partners import station_queries
from powerbank.stations.models import Station
from powerbank.stations.registry import queries as stations
from powerbank.support import services, threads
from powerbank.support.models import AlertCause, Conversation, PartnerAlertRule, Sender, Side, Status, Subject
from powerbank.support.sides import Writer
from powerbank.users.models import User

# A station that comes and goes is told of once in a while: what stands last in the conversation is our own line then.
PAUSE = timedelta(hours=6)


def begin_with_venue(partner_id: UUID, *, sn: str | None, now: datetime) -> Conversation:
    """Find or make the conversation with a venue about one of its stations, or about something else.

    It is with the owner who joined first, since a conversation is one person's.
    """
    partner = partners.find_partner(partner_id)
    owners = partners.people_of([partner.id])[partner.id].owner_ids
    if not owners:
        raise ConflictError("nobody_to_write_to", "No owner of this venue has joined yet.")
    station_id = None
    if sn is not None:
        station_queries.find_station(partner.id, sn, today=local_day(now))
        station_id = stations.find_station(sn).id
    return services.find_or_make(
        Writer(owners[0], Side.PARTNER, partner.id),
        subject=Subject.OTHER if station_id is None else Subject.STATION,
        subject_id=station_id,
        language=open_session().get_one(User, owners[0]).language,
        now=now,
    )


def find_venue_id(station: Station, *, now: datetime) -> UUID | None:
    """Find the venue at which a station stands: that of its agreement, or else the one that hosts it."""
    agreed = partners.find_agreement_of_station(station.id, day=local_day(now))
    return agreed[1].id if agreed is not None else station.partner_id


def tell_venue_of_alert(cause: AlertCause, sn: str, *, now: datetime) -> None:
    """Write to the venue of a station what the rule for this cause says, if there is one that is on."""
    rule = db.session.scalar(select(PartnerAlertRule).where(PartnerAlertRule.cause == cause, PartnerAlertRule.active))
    station_id = stations.find_station_id(sn)
    if rule is None or station_id is None:
        return
    station = open_session().get_one(Station, station_id)
    partner_id = find_venue_id(station, now=now)
    if partner_id is None or not partners.people_of([partner_id])[partner_id].owner_ids:
        return
    conversation = begin_with_venue(partner_id, sn=sn, now=now)
    if _was_told_lately(conversation, now):
        return
    text = rule.text_ne if conversation.language == "ne" else rule.text_en
    message = threads.append_message(
        conversation, sender=Sender.SYSTEM, text=_fill_in(text, {"name": station.name, "sn": station.sn}), now=now
    )
    if conversation.status == Status.SOLVED:
        conversation.status, conversation.solved_at = Status.WAITING, None
    threads.tell_person_later(conversation, message, now=now)


def _was_told_lately(conversation: Conversation, now: datetime) -> bool:
    newest = threads.find_newest_message(conversation.id)
    return newest is not None and newest.sender == Sender.SYSTEM and newest.created_at > now - PAUSE


def _fill_in(text: str, station: Mapping[str, str]) -> str:
    for name, value in station.items():
        text = text.replace("{{ station." + name + " }}", value)
    return text
