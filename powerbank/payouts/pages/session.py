"""What every page of a partner's people stands on: who is there, for which partner, and whether they may change it.

A membership is read with each request, so whoever leaves sees nothing more. Somebody of several partners chooses one;
the cookie keeps the choice, and the membership decides.
"""

from typing import Any
from uuid import UUID

from flask import render_template, session

from powerbank.auth.pages.session import page_person
from powerbank.partners import queries
from powerbank.partners.errors import OwnersOnlyError
from powerbank.partners.memberships import find_membership
from powerbank.partners.models import Member, MemberRole, Partner

CHOICE = "partner_id"


def own_partner() -> Partner:
    return _own_membership()[1]


def owned_partner() -> Partner:
    """Give the partner whose owner this is, or refuse somebody who only looks on."""
    member, partner = _own_membership()
    if member.role != MemberRole.OWNER:
        raise OwnersOnlyError
    return partner


def choose_partner(partner_id: UUID | None) -> None:
    """Show this partner from now on, if the person belongs to it."""
    chosen = find_membership(page_person().id, partner_id, of="partner")[1]
    session[CHOICE] = str(chosen.id)


def show(template: str, **more: Any) -> str:
    """Show a page of the partner's, with what its frame needs."""
    member, partner = _own_membership()
    return render_template(
        f"partner/{template}",
        person=page_person(),
        partner=partner,
        is_owner=member.role == MemberRole.OWNER,
        partners=[each for _, each in queries.memberships_of(page_person().id)],
        **more,
    )


def _own_membership() -> tuple[Member, Partner]:
    person = page_person()
    found = queries.memberships_of(person.id)
    chosen = session.get(CHOICE)
    for member, partner in found:
        if str(partner.id) == chosen:
            return member, partner
    return found[0] if found else find_membership(person.id, None)
