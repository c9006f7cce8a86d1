"""Read, for staff, people, the acts that wait for a second person, and the audit log."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, literal_column, select, union

from powerbank.api.paging import after_cursor, page
from powerbank.auth.people.models import Session
from powerbank.base.audit import AuditEntry, staff_actor
from powerbank.base.db import db, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.ledger import queries as ledger
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.ledger.queries import DueWithGrace, Wallet
from powerbank.ledger.wallet_models import Progress
from powerbank.points.queries import Points, points_of_user
from powerbank.rentals import cards
from powerbank.rentals import queries as rentals
from powerbank.rentals.cards import RentalCard
from powerbank.users.models import WHOLE_NAME, AccountStatus, Identifier, User

RENTALS_SHOWN = 10  # the newest; all are in the list of rentals
DUES_SHOWN = 100
IS_EXPORT = AuditEntry.action.like("%.export%")  # as the index of exports has it
_HOME_DIAL_CODE = "+977"
_NUMBER = re.compile(r"\+?[0-9 ()-]+", re.ASCII)
_SPECIAL = re.compile(r"([\\%_])")


def list_users(
    *,
    q: str | None,
    status: str | None,
    kyc_status: str | None,
    contact: bool,
    limit: int,
    cursor: str | None,
    masked: bool = False,
) -> dict[str, Any]:
    """Read a page of people, newest first.

    Without `contact`, phone numbers and e-mail addresses are masked and not searched. With `masked` they are searched
    all the same, and not shown.
    """
    wanted = _has_status(status) if kyc_status is None else and_(_has_status(status), User.kyc_status == kyc_status)
    query = select(User).where(wanted)
    if q is not None:
        query = query.where(User.id.in_(_select_matching_ids(q, wanted, contact=contact, limit=limit, cursor=cursor)))
    found = page(query, User.id, descending=True, limit=limit, cursor=cursor)
    return found | {"items": [UserView(user, contact=contact and not masked) for user in found["items"]]}


def get_user(user_id: UUID, *, contact: bool) -> "UserView":
    found = db.session.get(User, user_id)
    if found is None or found.status == AccountStatus.DELETED:
        raise NotFoundError("user")
    return UserView(found, contact=contact)


class UserView:
    """A person as a member of staff may see them."""

    def __init__(self, person: User, *, contact: bool) -> None:
        self._person = person
        self._contact = contact

    def __getattr__(self, name: str) -> Any:
        return getattr(self._person, name)

    @property
    def phone(self) -> str | None:
        return self._shown(self._person.phone)

    @property
    def email(self) -> str | None:
        return self._shown(self._person.email)

    @property
    def identifiers(self) -> list[dict[str, Any]]:
        return [
            {"kind": each.kind, "value": self._shown(each.value), "verified_at": each.verified_at}
            for each in self._person.identifiers
        ]

    @property
    def sessions(self) -> int:
        query = select(func.count()).where(Session.user_id == self._person.id, Session.ended_at.is_(None))
        return db.session.scalar(query) or 0

    @property
    def wallet(self) -> Wallet:
        return ledger.wallet_of_user(self._person.id)

    @property
    def points(self) -> Points:
        return points_of_user(self._person.id)

    @property
    def dues(self) -> list[DueWithGrace]:
        """List the open dues, newest first."""
        found = ledger.due_page(user_id=self._person.id, status=Progress.OPEN, limit=DUES_SHOWN, cursor=None)
        return list(found["items"])

    @property
    def rentals(self) -> list[RentalCard]:
        newest = rentals.user_rental_page(self._person.id, limit=RENTALS_SHOWN, cursor=None)
        return cards.cards_of_rentals(newest["items"], now=utcnow())

    def _shown(self, value: str | None) -> str | None:
        return value if self._contact or value is None else mask_contact(value)


def mask_contact(value: str) -> str:
    name, at, domain = value.partition("@")
    return f"{name[0]}***@{domain}" if at else f"{value[:4]}******{value[-2:]}"


def list_audit_entries(
    *,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
    exports: bool | None = None,
    **same: str | None,
) -> dict[str, Any]:
    query = select(AuditEntry).filter_by(**{name: value for name, value in same.items() if value is not None})
    if exports is not None:
        query = query.where(IS_EXPORT if exports else ~IS_EXPORT)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if until is not None:
        query = query.where(AuditEntry.at < until)
    return page(query, AuditEntry.at, AuditEntry.id, descending=True, limit=limit, cursor=cursor)


def find_audit_entry(entry_id: UUID) -> AuditEntry:
    found: AuditEntry | None = db.session.get(AuditEntry, entry_id)
    if found is None:
        raise NotFoundError("entry")
    return found


def list_changes(object_kind: str, object_id: str, *, limit: int) -> list[AuditEntry]:
    """List what staff did to one thing, newest first."""
    query = select(AuditEntry).filter_by(object_kind=object_kind, object_id=object_id)
    return list(db.session.scalars(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)))


def list_acts_of(staff_id: UUID, *, limit: int) -> list[AuditEntry]:
    """List what a member of staff did, newest first."""
    query = select(AuditEntry).filter_by(actor=staff_actor(staff_id))
    return list(db.session.scalars(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)))


def find_differences(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[tuple[str, Any, Any]]:
    """List the fields of an act that have another value after it, as (name, before, after)."""
    before, after = old or {}, new or {}
    names = [*before, *(name for name in after if name not in before)]
    return [
        (name, before.get(name), after.get(name))
        for name in names
        if (name in after or not after) and before.get(name) != after.get(name)
    ]


def _select_matching_ids(q: str, wanted: ColumnElement[bool], *, contact: bool, limit: int, cursor: str | None) -> Any:
    """Select the ids on this page.

    Each condition brings as many as the page could hold. So each can use its own index, or stop early when half the
    country matches.
    """
    searches: list[Select[Any]] = [select(User.id).where(condition) for condition in name_conditions(q)]
    if contact:
        # The cursor is applied to both tables, because PostgreSQL carries no inequality across a join.
        owned = select(User.id).join(Identifier, Identifier.user_id == User.id)
        owned = owned.where(after_cursor(cursor, Identifier.user_id, descending=True))
        searches += [owned.where(Identifier.value.like(pattern)) for pattern in identifier_patterns(q)]
    parts = [
        search.where(wanted, after_cursor(cursor, User.id, descending=True))
        .order_by(User.id.desc())
        .limit(limit + 1)
        .subquery()
        for search in searches
    ]
    return union(*(select(part.c.id) for part in parts))


def name_conditions(q: str) -> Iterator[ColumnElement[bool]]:
    """Make the conditions on names. Blanks alone find nobody, because every name begins with no letters."""
    if not q.strip():
        yield false()
        return
    pattern = _prefix(" ".join(q.split()))
    yield func.lower(User.username).like(pattern)
    yield literal_column(WHOLE_NAME).like(pattern)
    yield func.lower(User.last_name).like(pattern)


def identifier_patterns(q: str) -> set[str]:
    """Make the patterns of phone numbers and e-mail addresses. Brackets and signs alone find nobody."""
    if not _NUMBER.fullmatch(q):
        return {_prefix(q.strip())} if q.strip() else set()
    digits = re.sub(r"\D", "", q)
    if not digits:
        return set()
    return {_prefix(f"+{digits}")} if q.startswith("+") else {_prefix(f"+{digits}"), _prefix(_HOME_DIAL_CODE + digits)}


def _prefix(begin: str) -> str:
    return _SPECIAL.sub(r"\\\1", begin.lower()) + "%"


def _has_status(status: str | None) -> ColumnElement[bool]:
    return User.status == status if status else User.status != AccountStatus.DELETED


def list_acts(
    *, limit: int, cursor: str | None, status: str | None = None, staff_id: UUID | None = None
) -> dict[str, Any]:
    """Read a page of what staff gave and took, newest first."""
    query = select(StaffAct)
    for column, value in ((StaffAct.status, status), (StaffAct.staff_id, staff_id)):
        if value is not None:
            query = query.where(column == value)
    return page(query, StaffAct.id, limit=limit, cursor=cursor, descending=True)
