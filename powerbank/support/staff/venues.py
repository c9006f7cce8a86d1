"""Staff write to a venue first."""

from datetime import datetime
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.support import venues
from powerbank.support.models import Conversation
from powerbank.support.staff import services


def write_to_venue(
    *, partner_id: UUID, station: str | None, text: str, client_id: str | None, staff: Staff, now: datetime
) -> tuple[Conversation, bool]:
    """Write to the people of a venue, and say whether the message is new."""
    conversation = venues.begin_with_venue(partner_id, sn=station, now=now)
    _, is_new = services.reply(
        conversation.id,
        staff=staff,
        text=text,
        photo=None,
        client_id=client_id,
        seen_up_to=None,
        solves=False,
        now=now,
    )
    return conversation, is_new
