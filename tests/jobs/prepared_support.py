"""Prepare the conversations that the jobs of support need to have something to do."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from powerbank.base.db import new_id, transaction, utcnow
from powerbank.partners.models import Member, MemberRole, Partner, PartnerKind
from powerbank.stations.registry import services as registry
from powerbank.support import services
from powerbank.support.models import (
    AlertCause,
    Conversation,
    PartnerAlertRule,
    Status,
    Subject,
    SupportMessage,
)
from powerbank.support.sides import Writer
from tests.jobs.prepared_people import Arguments
from tests.ledger.conftest import make_person
from tests.stations.conftest import FACTS


def conversation_begun(**changed: Any) -> Conversation:
    user_id = make_person()
    with transaction() as session:
        made = services.begin_conversation(
            Writer(user_id),
            subject=Subject.OTHER,
            subject_name=None,
            language="en",
            text="Hello",
            photo=None,
            client_id=None,
            now=utcnow(),
        )
        session.flush()
        if changed:
            session.execute(update(Conversation).where(Conversation.id == made.id).values(changed))
    return made


def person_who_talks() -> str:
    return str(conversation_begun().user_id)


def answer_not_read() -> Arguments:
    made = conversation_begun(read_by_person=None)
    return {"conversation_id": str(made.id), "message_id": str(made.last_message_id), "channel": "push"}


def answer_late() -> Arguments:
    conversation_begun(answer_due_at=utcnow() - timedelta(hours=1))
    return {}


def conversation_solved() -> Arguments:
    ended = utcnow() - timedelta(days=8)
    conversation_begun(status=Status.SOLVED, solved_at=ended, answer_due_at=None)
    return {}


def rule_for_venues() -> Arguments:
    partner_id, user_id = new_id(), make_person()
    with transaction() as session:
        station, _ = registry.register_station(**FACTS, sn="V-1", imei="imei-V-1", slots=4, now=utcnow())
        session.add(Partner(id=partner_id, name="Bakery", kind=PartnerKind.VENUE))
        session.flush()
        station.partner_id = partner_id
        owner = {"address": "owner@example.com", "role": MemberRole.OWNER, "invited_by": "test"}
        session.add(Member(partner_id=partner_id, user_id=user_id, **owner))
        session.add(PartnerAlertRule(cause=AlertCause.OFFLINE, text_en="{{ station.name }} is off.", text_ne="बन्द छ।"))
    return {"cause": "offline", "station_sn": "V-1"}


def conversation_of_long_ago() -> Arguments:
    made = conversation_begun()
    with transaction() as session:
        long_ago = utcnow() - timedelta(days=800)
        session.execute(
            update(SupportMessage).where(SupportMessage.conversation_id == made.id).values(created_at=long_ago)
        )
    return {}
