"""Partners and the people who belong to them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg2.errors import UniqueViolation
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from powerbank.base.database_errors import Refusals, already_exists_error, inconsistent_error, refusing_on
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError, NotFoundError
from powerbank.partners.models import Member, MemberRole, Partner, PartnerKind
from powerbank.users import identifiers
from powerbank.users.models import Identifier, User


def create_partner(**values: Any) -> Partner:
    session = open_session()
    _refuse_wrong_parent(values.get("parent_id"))
    partner = Partner(id=new_id(), **values)
    session.add(partner)
    with refusing_on(_refusals()):
        session.flush()
    session.refresh(partner)
    return partner


def change_partner(partner: Partner, changes: Mapping[str, Any]) -> None:
    """Change a locked partner. What it was agreed with stays as it was signed."""
    _refuse_wrong_parent(changes.get("parent_id"))
    for name, value in changes.items():
        setattr(partner, name, value)
    with refusing_on(_refusals()):
        open_session().flush()


def lock_partner(partner_id: UUID) -> Partner:
    partner = open_session().get(Partner, partner_id, with_for_update=True, populate_existing=True)
    if partner is None:
        raise NotFoundError("partner")
    return partner


def add_member(partner_id: UUID, *, address: str, role: MemberRole, by: str) -> Member:
    """Let somebody belong to a partner, at once or as soon as the person joins with this address."""
    session = open_session()
    lock_partner(partner_id)
    contact = identifiers.parse_contact_address(address)
    user_id = session.scalar(select(Identifier.user_id).filter_by(kind=contact.kind, value=contact.value))
    member = Member(
        id=new_id(), partner_id=partner_id, user_id=user_id, address=contact.value, role=role, invited_by=by
    )
    session.add(member)
    with refusing_on({UniqueViolation: already_exists_error()}):
        session.flush()
    session.refresh(member)
    return member


def remove_member(partner_id: UUID, member_id: UUID, *, keep_an_owner: bool) -> Member:
    """End a membership at once. An owner does not leave a partner without one; staff may do that too."""
    session = open_session()
    lock_partner(partner_id)
    member = session.scalar(select(Member).filter_by(id=member_id, partner_id=partner_id))
    if member is None:
        raise NotFoundError("member")
    if keep_an_owner and member.role == MemberRole.OWNER:
        others = select(Member.id).filter_by(partner_id=partner_id, role=MemberRole.OWNER)
        if session.scalar(others.where(Member.id != member_id, Member.user_id.is_not(None)).limit(1)) is None:
            raise ConflictError("last_owner", "A partner keeps at least one owner.")
    session.delete(member)
    session.flush()
    return member


def join_invited(user_id: UUID) -> None:
    """Let a person who has just joined, or linked an address, belong to the partners that have invited it.

    Whoever was invited by two addresses belongs to the partner once, as an owner if one of them says so.
    """
    addresses = select(Identifier.value).filter_by(user_id=user_id)
    own = select(Member.partner_id).where(Member.user_id == user_id)
    invited = (
        select(Member.id)
        .ext(distinct_on(Member.partner_id))
        .where(Member.user_id.is_(None), Member.address.in_(addresses), Member.partner_id.not_in(own))
        .order_by(Member.partner_id, Member.role, Member.id)
    )
    open_session().execute(
        update(Member).where(Member.id.in_(invited), Member.user_id.is_(None)).values(user_id=user_id)
    )


def forget_member(user: User) -> None:
    """End the memberships of a person whose account ends."""
    open_session().execute(delete(Member).where(Member.user_id == user.id))


def _refuse_wrong_parent(parent_id: UUID | None) -> None:
    """Refuse a parent that holds no venues."""
    if parent_id is None:
        return
    kind = open_session().scalar(select(Partner.kind).where(Partner.id == parent_id))
    if kind != PartnerKind.FRANCHISE:
        raise InvalidFieldsError({"parent_id": ["There is no such franchise."]})


def _refusals() -> Refusals:
    return {"ck_partners_parent": inconsistent_error(), "ck_partners_franchise": inconsistent_error()}
