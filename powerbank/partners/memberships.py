"""Who acts for which partner: a membership is asked for with each request, so it ends at once."""

from uuid import UUID

from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.live.topics import Follower
from powerbank.partners import queries
from powerbank.partners.accruals.services import topic_of_partner
from powerbank.partners.errors import NotAMemberError, OwnersOnlyError
from powerbank.partners.models import Member, MemberRole, Partner

REPORTS = "20 per hour"  # issues that one person of a venue reports


def find_own_partner(user_id: UUID, partner_id: UUID | None, *, of: str | None = None) -> Partner:
    """Find the partner that a person belongs to and means.

    Whoever belongs to none is refused; where a thing of a partner is asked for (`of`), there is no such thing for them.
    """
    return find_membership(user_id, partner_id, of=of)[1]


def find_owned_partner(user_id: UUID, partner_id: UUID | None, *, of: str | None = None) -> Partner:
    """Find the partner that a person owns and means, or refuse somebody who only looks on."""
    member, partner = find_membership(user_id, partner_id, of=of)
    if member.role != MemberRole.OWNER:
        raise OwnersOnlyError
    return partner


def find_membership(user_id: UUID, partner_id: UUID | None, *, of: str | None = None) -> tuple[Member, Partner]:
    """Find the partner that a person belongs to and means, with the person's part in it."""
    found = queries.memberships_of(user_id)
    if not found:
        raise NotAMemberError if of is None else NotFoundError(of)
    if partner_id is None:
        if len(found) > 1:
            raise InvalidFieldsError({"partner_id": ["You belong to several partners; say which one you mean."]})
        return found[0]
    for member, partner in found:
        if partner.id == partner_id:
            return member, partner
    raise NotFoundError("partner")


def find_partner_topic(follower: Follower, partner_id: str) -> str | None:
    """Give the topic of a partner to its members, and to staff who may read partners."""
    try:
        wanted = UUID(partner_id)
    except ValueError:
        return None
    if not follower.may("partners.read") and (
        follower.user_id is None or not queries.is_member(wanted, follower.user_id)
    ):
        return None
    return topic_of_partner(wanted)
