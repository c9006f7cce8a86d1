"""As whom a person writes: as somebody who rents, for a venue, or as a member of the crew.

What is written for a venue stays with the member who wrote it, so that what each has read is known. Whoever leaves the
venue or the crew no longer finds what was written there, nor does anybody whose account is blocked.
"""

from dataclasses import dataclass
from uuid import UUID

from powerbank.base.errors import InvalidFieldsError
from powerbank.crew.members.queries import find_by_user, find_own_member
from powerbank.partners.memberships import find_own_partner
from powerbank.partners.queries import is_member
from powerbank.support.models import Conversation, Side
from powerbank.users.errors import AccountBlockedError
from powerbank.users.queries import is_blocked


@dataclass(frozen=True)
class Writer:
    """A person, and as whom they write."""

    user_id: UUID
    side: Side = Side.RIDER
    partner_id: UUID | None = None
    is_blocked: bool = False  # and writes about nothing but their money


def find_writer(user_id: UUID, side: Side, partner_id: UUID | None) -> Writer:
    """Find as whom a person writes, or refuse somebody who does not stand on this side."""
    blocked = is_blocked(user_id)
    if blocked and side is not Side.RIDER:
        raise AccountBlockedError
    if side is Side.PARTNER:
        return Writer(user_id, side, find_own_partner(user_id, partner_id).id)
    if partner_id is not None:
        raise InvalidFieldsError({"partner_id": ["Only who writes for a venue names one."]})
    if side is Side.CREW:
        find_own_member(user_id)
    return Writer(user_id, side, is_blocked=blocked)


def is_still_there(conversation: Conversation) -> bool:
    """Tell whether the person of a conversation still belongs where they wrote it."""
    if conversation.side != Side.RIDER and is_blocked(conversation.user_id):
        return False
    if conversation.side == Side.PARTNER and conversation.partner_id is not None:
        return is_member(conversation.partner_id, conversation.user_id)
    if conversation.side == Side.CREW:
        member = find_by_user(conversation.user_id)
        return member is not None and member.active
    return True
