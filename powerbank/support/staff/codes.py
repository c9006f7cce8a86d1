"""Staff have a one-time code sent again to the person of a conversation, and the conversation says so."""

from datetime import datetime
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.auth.people.resending import find_code_under_way, resend_code
from powerbank.notifications.models import Delivery
from powerbank.support import lines
from powerbank.support.models import Conversation
from powerbank.support.staff import queries
from powerbank.users.identifiers import mask_contact_address

RESENDS_CODES = "users.write"


def describe_code_under_way(conversation: Conversation, *, now: datetime) -> dict[str, object] | None:
    """Say where the code went that the person of a conversation waits for, if there is one."""
    found = find_code_under_way(conversation.user_id, now=now)
    if found is None:
        return None
    return {"masked": mask_contact_address(found.kind, found.identifier), "expires_at": found.expires_at}


def resend_code_of_person(conversation_id: UUID, *, staff: Staff, now: datetime) -> Delivery:
    conversation = queries.find_conversation(conversation_id)
    delivery = resend_code(conversation.user_id, staff=staff, now=now)
    lines.tell_in_conversation(conversation.id, "code_resent", {"masked": delivery.masked or ""}, now=now)
    return delivery
