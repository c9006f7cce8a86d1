"""Read partners, those who belong to them, their agreements, and what they have earned."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.api.paging import page
from powerbank.base.clock import HOME
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.base.money import NPR
from powerbank.ledger import sums
from powerbank.ledger.models import Account
from powerbank.partners.accruals.services import payable_account
from powerbank.partners.agreements import terms as rules
from powerbank.partners.models import Accrual, Agreement, AgreementStation, Member, MemberRole, Partner, PartnerKind
from powerbank.stations.models import Station
from powerbank.users.identifiers import mask_contact_address
from powerbank.users.models import Identifier, IdentifierKind

_EARNED = """
    SELECT {group}, CAST(sum(gross) AS bigint) AS gross, CAST(sum(vat) AS bigint) AS tax,
           CAST(sum(share) AS bigint) AS share, CAST(sum(withheld) AS bigint) AS deductions,
           CAST(sum(amount) AS bigint) AS earned,
           count(DISTINCT rental_id) FILTER (WHERE kind = 'rental') AS rentals
      FROM partner_accruals AS earned
     WHERE partner_id = :partner AND at >= :begin AND at < :end
     GROUP BY 1 ORDER BY 1
"""
_BY = {
    "day": text(_EARNED.format(group="CAST(timezone('Asia/Kathmandu', at) AS date) AS day")),
    "station": text(_EARNED.format(group="station_id")),
    "agreement": text(_EARNED.format(group="agreement_id")),
    None: text(_EARNED.format(group="1 AS all_of_it")),
}
FIGURES = ("gross", "tax", "share", "deductions", "earned", "rentals")


def find_partner(partner_id: UUID) -> Partner:
    found = db.session.get(Partner, partner_id)
    if found is None:
        raise NotFoundError("partner")
    return found


def partner_page(
    *, q: str | None, kind: str | None, active: bool | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Read a page of partners, newest first. `q` is the beginning of a name."""
    query = select(Partner)
    if q is not None:
        query = query.where(func.lower(Partner.name).startswith(q.lower(), autoescape=True))
    if kind is not None:
        query = query.where(Partner.kind == kind)
    if active is not None:
        query = query.where(Partner.active == active)
    return page(query, Partner.id, descending=True, limit=limit, cursor=cursor)


def show_partner_with_balance(partner: Partner) -> dict[str, Any]:
    stations = db.session.scalar(select(func.count()).where(Station.partner_id == partner.id)) or 0
    names = ("id", "name", "kind", "parent_id", "pan", "vat_registered", "contact", "active", "created_at")
    shown = {name: getattr(partner, name) for name in names}
    return shown | {"payable": amount_payable(partner.id), "currency": NPR, "stations": stations}


def amount_payable(partner_id: UUID) -> int:
    """Read what a partner has earned and was not paid yet, as the ledger says."""
    name = payable_account(partner_id)
    query = select(Account.id).filter_by(owner=name.owner, kind=name.kind, currency=name.currency)
    account_id = db.session.scalar(query)
    return 0 if account_id is None else sums.sum_balances([account_id])[account_id]


def list_members(partner_id: UUID) -> list[dict[str, Any]]:
    find_partner(partner_id)
    query = select(Member).filter_by(partner_id=partner_id).order_by(Member.id)
    return [show_member(member) for member in db.session.scalars(query)]


def show_member(member: Member) -> dict[str, Any]:
    kind = IdentifierKind.EMAIL if "@" in member.address else IdentifierKind.PHONE
    return {
        "id": member.id,
        "user_id": member.user_id,
        "address": mask_contact_address(kind, member.address),
        "role": member.role,
        "joined": member.user_id is not None,
        "created_at": member.created_at,
    }


def memberships_of(user_id: UUID) -> list[tuple[Member, Partner]]:
    """Read the partners that a person belongs to, as it is now: whoever leaves loses access with the next request."""
    query = (
        select(Member, Partner)
        .join(Partner, Partner.id == Member.partner_id)
        .where(Member.user_id == user_id)
        .order_by(Partner.name, Partner.id)
    )
    return [(row.Member, row.Partner) for row in db.session.execute(query)]


def list_franchises() -> list[Partner]:
    """List the partners that may hold venues, by name: there are few."""
    query = select(Partner).filter_by(kind=PartnerKind.FRANCHISE, active=True)
    return list(db.session.scalars(query.order_by(Partner.name).limit(500)))


def name_partners(ids: Collection[UUID]) -> dict[UUID, str]:
    """Find the names of these partners."""
    return {row.id: row.name for row in db.session.execute(select(Partner.id, Partner.name).where(Partner.id.in_(ids)))}


def find_known_partners(ids: Collection[UUID]) -> set[UUID]:
    """Find which of these identifiers are those of partners."""
    return set(db.session.scalars(select(Partner.id).where(Partner.id.in_(ids))))


def list_partner_names(*, most: int = 200) -> list[tuple[UUID, str]]:
    """List the partners by name, for a choice. Of very many, the first ones."""
    query = select(Partner.id, Partner.name).order_by(func.lower(Partner.name), Partner.id)
    rows = db.session.execute(query.limit(most))
    return [(row[0], row[1]) for row in rows]


def list_by_id(ids: Collection[UUID]) -> list[Partner]:
    return list(db.session.scalars(select(Partner).where(Partner.id.in_(ids))))


class People(NamedTuple):
    """Who belongs to a partner: the owners who have joined, and every address by which somebody is known."""

    owner_ids: list[UUID]
    addresses: set[str]


def people_of(ids: Collection[UUID]) -> dict[UUID, People]:
    """Read who belongs to each of these partners, with the addresses of their invitations and of their accounts."""
    people = {partner_id: People([], set()) for partner_id in ids}
    query = (
        select(Member.partner_id, Member.user_id, Member.role, Member.address, Identifier.value)
        .outerjoin(Identifier, Identifier.user_id == Member.user_id)
        .where(Member.partner_id.in_(ids))
        .order_by(Member.id)
    )
    for row in db.session.execute(query):
        found = people[row.partner_id]
        found.addresses.update(address for address in (row.address, row.value) if address)
        if row.role == MemberRole.OWNER and row.user_id is not None and row.user_id not in found.owner_ids:
            found.owner_ids.append(row.user_id)
    return people


def is_member(partner_id: UUID, user_id: UUID) -> bool:
    return db.session.scalar(select(Member.id).filter_by(partner_id=partner_id, user_id=user_id)) is not None


def agreement_page(partner_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of the agreements in which a partner has a part, newest first."""
    find_partner(partner_id)
    query = select(Agreement).where((Agreement.partner_id == partner_id) | (Agreement.franchise_id == partner_id))
    found = page(query, Agreement.id, descending=True, limit=limit, cursor=cursor)
    return found | {"items": show_agreements(found["items"])}


def find_agreement(agreement_id: UUID) -> Agreement:
    found = db.session.get(Agreement, agreement_id)
    if found is None:
        raise NotFoundError("agreement")
    return found


def find_agreement_of_station(station_id: UUID, *, day: date) -> tuple[Agreement, Partner] | None:
    """Find the agreement under which a station is on a day, and whose it is."""
    query = (
        select(Agreement, Partner)
        .join(AgreementStation, AgreementStation.agreement_id == Agreement.id)
        .join(Partner, Partner.id == Agreement.partner_id)
        .where(
            AgreementStation.station_id == station_id,
            AgreementStation.starts_on <= day,
            AgreementStation.last_day >= day,
        )
    )
    found = db.session.execute(query).one_or_none()
    return None if found is None else (found.Agreement, found.Partner)


def show_agreements(agreements: Sequence[Agreement]) -> list[dict[str, Any]]:
    stations: dict[UUID, list[str]] = defaultdict(list)
    query = (
        select(AgreementStation.agreement_id, Station.sn)
        .join(Station, Station.id == AgreementStation.station_id)
        .where(AgreementStation.agreement_id.in_([each.id for each in agreements]))
        .order_by(Station.sn)
    )
    for row in db.session.execute(query):
        stations[row.agreement_id].append(row.sn)
    return [
        {
            "id": each.id,
            "partner_id": each.partner_id,
            "franchise_id": each.franchise_id,
            "starts_on": each.starts_on,
            "ends_on": each.ends_on,
            "station_sns": stations[each.id],
            "terms": each.terms,
            "vat_percent": rules.format_percent(each.vat_percent),
            "withheld_tax_percent": rules.format_percent(each.withheld_percent),
            "created_at": each.created_at,
        }
        for each in agreements
    ]


def earnings(partner_id: UUID, *, from_: date | None, to: date | None, group: str, today: date) -> dict[str, Any]:
    """Read what a partner earned from one day to another, both of them included; the last 30 days unless said."""
    last = to or today
    first = from_ or last - timedelta(days=29)
    begin, end = begin_of_day(first), begin_of_day(last + timedelta(days=1))
    window = {"partner": str(partner_id), "begin": begin, "end": end}
    items = [dict(row._mapping) for row in db.session.execute(_BY[group], window)]
    if group == "station":
        items = _name_stations(items)
    return {
        "from_": first,
        "to": last,
        "group": group,
        "currency": NPR,
        "payable": amount_payable(partner_id),
        "paid": amount_paid(partner_id, begin=begin, end=end),
        "totals": next(
            (dict(row._mapping) for row in db.session.execute(_BY[None], window)), dict.fromkeys(FIGURES, 0)
        ),
        "items": items,
    }


_PAID = text("""
    SELECT CAST(coalesce(-sum(posting.amount), 0) AS bigint) FROM ledger_postings AS posting
      JOIN ledger_entries AS entry ON entry.id = posting.entry_id AND entry.kind IN ('payout', 'payout_returned')
     WHERE posting.account_id = (SELECT id FROM ledger_accounts
                                  WHERE owner = :owner AND kind = 'partner_payable' AND currency = 'NPR')
       AND posting.created_at >= :begin AND posting.created_at < :end
""")


def amount_paid(partner_id: UUID, *, begin: datetime, end: datetime) -> int:
    """Read what left a partner's payable account for payouts, less what came back."""
    return int(db.session.scalar(_PAID, {"owner": str(partner_id), "begin": begin, "end": end}) or 0)


def begin_of_day(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=HOME)


def _name_stations(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the stations' numbers and names in the place of their identifiers. What no station earned has none."""
    ids = [item["station_id"] for item in items if item["station_id"] is not None]
    query = select(Station.id, Station.sn, Station.name).where(Station.id.in_(ids))
    names = {row.id: row for row in db.session.execute(query)}
    shown = []
    for item in items:
        station = names.get(item.pop("station_id"))
        shown.append(item | {"station_sn": station and station.sn, "station_name": station and station.name})
    return shown


def select_accruals(partner_id: UUID) -> Any:
    return select(Accrual).where(Accrual.partner_id == find_partner(partner_id).id)


def accrual_page(partner_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of what a partner accrued, newest first, with the numbers of the stations."""
    found = page(select_accruals(partner_id), Accrual.id, descending=True, limit=limit, cursor=cursor)
    wanted = [each.station_id for each in found["items"] if each.station_id is not None]
    sns = {row.id: row.sn for row in db.session.execute(select(Station.id, Station.sn).where(Station.id.in_(wanted)))}
    names = ("id", "at", "kind", "part", "rental_id", "month", "gross", "vat", "share", "withheld", "amount")
    shown = [
        {name: getattr(each, name) for name in names}
        | {"station_sn": None if each.station_id is None else sns[each.station_id]}
        for each in found["items"]
    ]
    return found | {"items": shown}
