"""Likely doubles: other accounts that may be the same person's as the one whose documents are looked at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import aliased

from powerbank.base.db import db
from powerbank.kyc import citizenship_numbers
from powerbank.kyc.documents import encryption
from powerbank.kyc.models import KycSubmission
from powerbank.users.models import WHOLE_NAME, AccountStatus, IdentifierTrace, User

MOST = 10  # of each kind


@dataclass
class Double:
    """Another account, with what it has in common: number, phone, email, device, name, birthday."""

    user: User
    same: list[str] = field(default_factory=list)


def find_likely_doubles(user: User) -> list[Double]:
    """Find other accounts that may be this person's, those first that have most in common."""
    found: dict[UUID, Double] = {}
    for other, kind in (*_with_same_traces(user), *_with_same_name(user)):
        double = found.setdefault(other.id, Double(other))
        if kind not in double.same:
            double.same.append(kind)
        if user.date_of_birth and other.date_of_birth == user.date_of_birth and "birthday" not in double.same:
            double.same.append("birthday")
    for user_id in _with_same_number(user.id, found):
        found[user_id].same.insert(0, "number")
    return sorted(found.values(), key=lambda each: -len(each.same))


def _with_same_traces(user: User) -> Iterable[tuple[User, str]]:
    theirs = aliased(IdentifierTrace)
    query = (
        select(User, theirs.kind)
        .join(theirs, theirs.user_id == User.id)
        .join(IdentifierTrace, IdentifierTrace.digest == theirs.digest)
        .where(IdentifierTrace.user_id == user.id, theirs.user_id != user.id)
        .order_by(User.id)
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def _with_same_name(user: User) -> Iterable[tuple[User, str]]:
    name = f"{user.first_name or ''} {user.last_name or ''}"
    if not (user.first_name and user.last_name):
        return []
    query = (
        select(User)
        .where(literal_column(WHOLE_NAME) == func.lower(name), User.id != user.id)
        .where(User.status != AccountStatus.DELETED)
        .order_by(User.id)
        .limit(MOST)
    )
    return [(other, "name") for other in db.session.scalars(query)]


def _with_same_number(user_id: UUID, others: Iterable[UUID]) -> set[UUID]:
    """Find who of the others has ever sent the number that this person sent.

    The database lets no two people hold one number, but one that was rejected is free again.
    """
    people = [user_id, *others]
    rows = db.session.execute(
        select(KycSubmission.user_id, KycSubmission.number).where(
            KycSubmission.user_id.in_(people), KycSubmission.number.is_not(None)
        )
    )
    sent: dict[UUID, set[str]] = {each: set() for each in people}
    for row in rows:
        try:
            written = encryption.decrypt(row.number).decode()
        except encryption.UnreadableError:
            continue
        sent[row.user_id].add(citizenship_numbers.parse_citizenship_number(written).bare)
    return {each for each in sent if each != user_id and sent[each] & sent[user_id]}
