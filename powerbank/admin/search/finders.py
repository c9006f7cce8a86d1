"""Find one thing by what somebody typed: a person, a station, a power bank, a rental, a payment, a coupon.

Each finder asks an index for a few rows. There are no finders that look inside of words: at a million people and ten
million rentals that would need an index which PostgreSQL has only as an extension.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import String, cast, func, select, union
from sqlalchemy.dialects.postgresql import TSQUERY

from powerbank.admin import queries as people
from powerbank.api.auth import Staff
from powerbank.base.db import db
from powerbank.payments.gateways import LIMITS
from powerbank.payments.models import PaymentIntent
from powerbank.payments.refunds.models import Refund
from powerbank.promotions.models import Code, Coupon
from powerbank.rentals.models import Rental
from powerbank.rentals.start.terms import CODE_ALPHABET, CODE_BEGINS, CODE_LENGTH
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.models import Station
from powerbank.stations.registry import search_terms
from powerbank.users.models import AccountStatus, Identifier, User

MOST = 5  # of each kind
SHORTEST, LONGEST = 2, 100
_RENTAL_CODE = re.compile(f"{CODE_BEGINS}[{CODE_ALPHABET}]{{1,{CODE_LENGTH - 1}}}")
_SERIAL = re.compile(r"[A-Za-z0-9._-]{2,64}")
_COUPON = re.compile(r"[A-Z0-9_-]{2,40}")
_SPECIAL = re.compile(r"([\\%_])")


@dataclass(frozen=True)
class Hit:
    """Something that was found. `about` says more of it than its name."""

    kind: str
    id: str
    name: str
    about: str = ""
    state: str = ""


def find_all(q: str, *, staff: Staff) -> list[Hit]:
    """Find what begins with these letters, of all kinds that the role may read."""
    wanted = " ".join(q.split())[:LONGEST]
    if len(wanted) < SHORTEST:
        return []
    return [hit for finder in FINDERS.values() if staff.may(finder.permission) for hit in finder.find(wanted, staff)]


def _each_once(same: Iterable[Hit], longer: Iterable[Hit]) -> Iterator[Hit]:
    """Give what is called exactly so, then what begins so, as many as are shown.

    What begins so has no order: where a third of all serials match, to sort them would read them all.
    """
    yield from islice({hit.id: hit for hit in (*same, *longer)}.values(), MOST)


def find_by_id(kind: str, object_id: str) -> Hit | None:
    """Find one thing again by its kind and its id; None if it is gone."""
    return next(iter(FINDERS[kind].by_id(object_id)), None) if kind in FINDERS else None


def _people(q: str, staff: Staff) -> Iterator[Hit]:
    if _uuid(q) is not None:
        yield from _person(q)
        return
    # Each condition stands by itself and without an order. With one the database may walk through all people from the
    # newest on, which takes long where nobody has such a number.
    found = [
        select(User.id).where(named, User.status != AccountStatus.DELETED).limit(MOST)
        for named in people.name_conditions(q)
    ]
    if staff.may("users.contact"):
        patterns = people.identifier_patterns(q)
        found += [select(Identifier.user_id).where(Identifier.value.like(each)).limit(MOST) for each in patterns]
    ids = union(*(select(each.subquery()) for each in found))
    for user in db.session.scalars(select(User).where(User.id.in_(ids)).limit(MOST)):
        yield _describe_person(people.UserView(user, contact=False))


def _person(user_id: str) -> Iterator[Hit]:
    user = _get(User, user_id)
    if user is not None and user.status != AccountStatus.DELETED:
        yield _describe_person(people.UserView(user, contact=False))


def _describe_person(view: Any) -> Hit:
    names = " ".join(filter(None, (view.first_name, view.last_name)))
    return Hit("person", str(view.id), view.username, " · ".join(filter(None, (names, view.phone))), view.status)


def _stations(q: str, _staff: Staff) -> Iterator[Hit]:
    terms = search_terms.make_query(q)
    if terms is None:
        return
    query = select(Station).where(Station.search_vector.op("@@")(cast(cast(terms, String), TSQUERY)))
    yield from _each_once(_station(q), map(_describe_station, db.session.scalars(query.limit(MOST))))


def _station(sn: str) -> Iterator[Hit]:
    yield from map(_describe_station, db.session.scalars(select(Station).where(Station.sn == sn)))


def _describe_station(station: Station) -> Hit:
    return Hit("station", station.sn, station.name, f"{station.sn} · {station.city}")


def _power_banks(q: str, _staff: Staff) -> Iterator[Hit]:
    if not _SERIAL.fullmatch(q):
        return
    serial = func.lower(PowerBank.serial)
    same = db.session.scalars(select(PowerBank).where(serial == q.lower()))
    longer = db.session.scalars(select(PowerBank).where(serial.like(_prefix(q.lower()))).limit(MOST))
    yield from _each_once(map(_describe_bank, same), map(_describe_bank, longer))


def _power_bank(serial: str) -> Iterator[Hit]:
    yield from map(_describe_bank, db.session.scalars(select(PowerBank).where(PowerBank.serial == serial)))


def _describe_bank(bank: PowerBank) -> Hit:
    return Hit("power_bank", bank.serial, bank.serial, bank.model or "")


def _rentals(q: str, _staff: Staff) -> Iterator[Hit]:
    code = q.upper()
    if _uuid(q) is not None:
        yield from _rental(q)
    elif _RENTAL_CODE.fullmatch(code):
        # Codes have one length, and only capitals and digits. So all that begin like this lie between it and it filled
        # up with the last letter, whatever the collation is. The index of the codes knows no LIKE.
        last = code.ljust(CODE_LENGTH, CODE_ALPHABET[-1])
        query = select(Rental).where(Rental.code >= code, Rental.code <= last).order_by(Rental.code).limit(MOST)
        yield from map(_describe_rental, db.session.scalars(query))


def _rental(rental_id: str) -> Iterator[Hit]:
    rental = _get(Rental, rental_id)
    if rental is not None:
        yield _describe_rental(rental)


def _describe_rental(rental: Rental) -> Hit:
    return Hit("rental", str(rental.id), rental.code, rental.package_name, rental.status)


def _topups(q: str, _staff: Staff) -> Iterator[Hit]:
    """Find a top-up by its id, or by what its gateway calls the session or the payment."""
    if _uuid(q) is not None:
        yield from _topup(q)
    found: dict[UUID, PaymentIntent] = {}
    for column in (PaymentIntent.reference, PaymentIntent.payment_id):
        query = select(PaymentIntent).where(PaymentIntent.gateway.in_([*LIMITS]), column == q).limit(MOST)
        found |= {each.id: each for each in db.session.scalars(query)}
    yield from map(_describe_topup, found.values())


def _topup(intent_id: str) -> Iterator[Hit]:
    intent = _get(PaymentIntent, intent_id)
    if intent is not None:
        yield _describe_topup(intent)


def _describe_topup(intent: PaymentIntent) -> Hit:
    return Hit("topup", str(intent.id), intent.reference or str(intent.id), intent.gateway, intent.status)


def _refunds(q: str, _staff: Staff) -> Iterator[Hit]:
    if _uuid(q) is not None:
        yield from _refund(q)
    found = db.session.scalars(select(Refund).where(Refund.gateway_reference == q).limit(MOST))
    yield from map(_describe_refund, found)


def _refund(refund_id: str) -> Iterator[Hit]:
    refund = _get(Refund, refund_id)
    if refund is not None:
        yield _describe_refund(refund)


def _describe_refund(refund: Refund) -> Hit:
    return Hit("refund", str(refund.id), refund.gateway_reference or str(refund.id), "", refund.status)


def _coupons(q: str, _staff: Staff) -> Iterator[Hit]:
    code = q.upper()
    if _COUPON.fullmatch(code):
        longer = db.session.scalars(select(Code).where(Code.code.like(_prefix(code))).limit(MOST))
        same = db.session.scalars(select(Code).where(Code.code == code))
        yield from _each_once(map(_describe_code, same), map(_describe_code, longer))


def _coupon(coupon_id: str) -> Iterator[Hit]:
    coupon = _get(Coupon, coupon_id)
    if coupon is not None:
        yield Hit("coupon", str(coupon.id), coupon.name)


def _describe_code(code: Code) -> Hit:
    return Hit("coupon", str(code.coupon_id), code.code, db.session.get_one(Coupon, code.coupon_id).name)


def _get(model: Any, object_id: str) -> Any:
    known = _uuid(object_id)
    return None if known is None else db.session.get(model, known)


def _uuid(q: str) -> UUID | None:
    try:
        return UUID(q)
    except ValueError:
        return None


def _prefix(beginning: str) -> str:
    return _SPECIAL.sub(r"\\\1", beginning) + "%"


class Finder(NamedTuple):
    """Who may find things of a kind, how they are found by what was typed, and one of them by its id."""

    permission: str
    find: Callable[[str, Staff], Iterator[Hit]]
    by_id: Callable[[str], Iterator[Hit]]


# By kind, in the order in which they are shown.
FINDERS = MappingProxyType(
    {
        "person": Finder("users.read", _people, _person),
        "rental": Finder("rentals.read", _rentals, _rental),
        "station": Finder("stations.read", _stations, _station),
        "power_bank": Finder("stations.read", _power_banks, _power_bank),
        "topup": Finder("payments.read", _topups, _topup),
        "refund": Finder("refunds.read", _refunds, _refund),
        "coupon": Finder("promotions.read", _coupons, _coupon),
    }
)
