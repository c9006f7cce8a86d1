"""Payees: whoever has a payable account. Partners are known here; later domains say who theirs are."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base.money import NPR
from powerbank.ledger.accounts import AccountName, Kind
from powerbank.partners import queries as partners
from powerbank.payouts.errors import SecondPersonError
from powerbank.payouts.models import Payout
from powerbank.payouts.states import PayeeKind

PAYABLE = MappingProxyType({PayeeKind.PARTNER: Kind.PARTNER_PAYABLE, PayeeKind.CREW: Kind.CREW_PAYABLE})
KIND_OF = MappingProxyType({payable: kind for kind, payable in PAYABLE.items()})


@dataclass(frozen=True)
class Payee:
    id: UUID
    name: str
    active: bool
    # The addresses of the people who belong to it: they approve nothing of it.
    addresses: frozenset[str]
    # Who is told of its payouts.
    user_ids: tuple[UUID, ...]


# What entries of the ledger are about, as the lines of a statement show it: `kind`, `rental_code`, `station_sn`.
DescribeEntries = Callable[[Collection[UUID]], dict[UUID, dict[str, str | None]]]
FindPayees = Callable[[Collection[UUID]], dict[UUID, Payee]]


def find_partners(ids: Collection[UUID]) -> dict[UUID, Payee]:
    people = partners.people_of(ids)
    return {
        partner.id: Payee(
            partner.id,
            partner.name,
            partner.active,
            frozenset(people[partner.id].addresses),
            tuple(people[partner.id].owner_ids),
        )
        for partner in partners.list_by_id(ids)
    }


_find: dict[PayeeKind, FindPayees] = {PayeeKind.PARTNER: find_partners}


_describe: dict[PayeeKind, DescribeEntries] = {}


def register_payees(kind: PayeeKind, find: FindPayees, describe: DescribeEntries) -> None:
    _find[kind], _describe[kind] = find, describe


def describe_entries(kind: str, entry_ids: Collection[UUID]) -> dict[UUID, dict[str, str | None]]:
    """Describe what a payee earned by these entries. What partners earn has its accrual instead."""
    describe = _describe.get(PayeeKind(kind))
    return {} if describe is None else describe(entry_ids)


def find_payees(kind: PayeeKind, ids: Collection[UUID]) -> dict[UUID, Payee]:
    return _find[kind](ids) if kind in _find else {}


def find_payee(kind: str, payee_id: UUID) -> Payee:
    """Find a payee whom a row of ours refers to."""
    return find_payees(PayeeKind(kind), [payee_id])[payee_id]


def refuse_own(payouts: Sequence[Payout], staff: Staff) -> None:
    """Refuse whoever belongs to the payee of one of these payouts: they decide nothing of it."""
    for kind in PayeeKind:
        mine = {payout.payee_id for payout in payouts if payout.payee_kind == kind}
        if any(staff.email.lower() in payee.addresses for payee in find_payees(kind, mine).values()):
            raise SecondPersonError("Nobody decides of a payout to somebody that they belong to.")


def payable_account(kind: str, payee_id: UUID) -> AccountName:
    return AccountName(PAYABLE[PayeeKind(kind)], str(payee_id), NPR)
