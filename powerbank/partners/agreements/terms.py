"""What an agreement gives: pure functions of its terms and of money, all in whole paisa.

A share is a function of all that a rental has earned so far, and what a movement adds is the difference to before. So a
rental that gives everything back leaves nothing, however often and in which parts it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from powerbank.base import money

ALL = 10_000  # a hundred percent, in hundredths of a percent


class TermsKind(StrEnum):
    SHARE = "share"
    TIERS = "tiers"
    RENT = "rent"


@dataclass(frozen=True)
class Tier:
    begins: int  # paisa of the month's revenue from which it counts
    percent: int


@dataclass(frozen=True)
class Terms:
    """The terms of an agreement. Percents are hundredths of a percent."""

    kind: TermsKind
    tiers: tuple[Tier, ...] = ()  # a plain share is one tier
    rent: int = 0  # a month
    minimum: int = 0  # a month
    franchise_percent: int = 0
    vat_percent: int = 0
    withheld_percent: int = 0

    @property
    def grows_with_the_month(self) -> bool:
        return len(self.tiers) > 1

    @property
    def most_percent(self) -> int:
        """Return what venue and franchise get together at most."""
        return max((tier.percent for tier in self.tiers), default=0) + self.franchise_percent


@dataclass(frozen=True)
class Earned:
    """What a rental has earned so far under its agreement, or what one movement adds to that."""

    gross: int = 0
    vat: int = 0
    venue: int = 0
    venue_withheld: int = 0
    franchise: int = 0
    franchise_withheld: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.vat

    def less(self, other: "Earned") -> "Earned":
        return Earned(
            self.gross - other.gross,
            self.vat - other.vat,
            self.venue - other.venue,
            self.venue_withheld - other.venue_withheld,
            self.franchise - other.franchise,
            self.franchise_withheld - other.franchise_withheld,
        )


def read_terms(terms: Mapping[str, Any], *, vat_percent: int = 0, withheld_percent: int = 0) -> Terms:
    """Read the terms as they are kept and shown."""
    kind = TermsKind(terms["kind"])
    tiers: tuple[Tier, ...] = ()
    if kind is TermsKind.SHARE:
        tiers = (Tier(0, parse_percent(terms["percent"])),)
    elif kind is TermsKind.TIERS:
        tiers = tuple(Tier(money.parse_amount(each["from"]), parse_percent(each["percent"])) for each in terms["tiers"])
    return Terms(
        kind=kind,
        tiers=tiers,
        rent=money.parse_amount(terms.get("amount_per_month") or "0"),
        minimum=money.parse_amount(terms.get("minimum_per_month") or "0"),
        franchise_percent=parse_percent(terms.get("franchise_percent") or "0"),
        vat_percent=vat_percent,
        withheld_percent=withheld_percent,
    )


def parse_percent(text: str) -> int:
    """Read hundredths of a percent from `"80.00"`."""
    return money.parse_amount(text)


def format_percent(percent: int) -> str:
    return money.format_amount(percent)


def tax_within(gross: int, vat_percent: int) -> int:
    """Return the tax that a price contains."""
    return divide(gross * vat_percent, ALL + vat_percent)


def withheld_of(share: int, terms: Terms) -> int:
    """Return the tax that is withheld from a share for the tax office."""
    return divide(share * terms.withheld_percent, ALL)


def add_movement(terms: Terms, before: Earned, amount: int, *, month_before: int = 0) -> Earned:
    """Return what a rental has earned in all, after a movement of `amount`.

    `month_before` is the net revenue of its month before this movement; only tiers ask for it.
    """
    gross = before.gross + amount
    vat = tax_within(gross, terms.vat_percent)
    net = gross - vat
    if terms.grows_with_the_month:
        venue = _venue_share_by_month(terms, before, net, month_before)
    else:
        venue = divide(net * sum(tier.percent for tier in terms.tiers), ALL)
    franchise = divide(net * terms.franchise_percent, ALL)
    if net >= 0 and venue + franchise > net:  # both were rounded up
        franchise = max(0, net - venue)
    return Earned(gross, vat, venue, withheld_of(venue, terms), franchise, withheld_of(franchise, terms))


def _venue_share_by_month(terms: Terms, before: Earned, net: int, month_before: int) -> int:
    """Return the venue's share of a rental where its percent grows with the month's revenue.

    Each rupee gets the percent of the tier that the month has reached with it. What a rental gives back takes back
    its own part of what the rental earned, at whatever tiers that was. A rental that comes to nothing leaves nothing,
    even where the refund was counted before what it gives back.
    """
    if net == 0:
        return 0
    if net >= before.net or before.net <= 0:
        added = share_of_month(terms, month_before + net - before.net) - share_of_month(terms, month_before)
        return before.venue + added
    return divide(before.venue * net, before.net)


def share_of_month(terms: Terms, net: int) -> int:
    """Return the venue's share of a month's net revenue. Each tier gives its percent of what lies within it."""
    total = 0
    for tier, after in zip(terms.tiers, (*terms.tiers[1:], None), strict=True):
        within = (net if after is None else min(net, after.begins)) - tier.begins
        total += (within if tier.begins == 0 else max(0, within)) * tier.percent  # the first one takes what is below 0
    return divide(total, ALL)


def monthly_part(amount: int, *, days: int, days_of_month: int) -> int:
    """Return the part of a month's amount for the days on which an agreement was in force."""
    return divide(amount * days, days_of_month)


def divide(number: int, by: int) -> int:
    """Divide, and round halves away from zero, so that a negative amount is the mirror of a positive one."""
    whole = (2 * abs(number) + by) // (2 * by)
    return whole if number >= 0 else -whole
