"""A rental as people see it: the row together with its stations, its power bank, its amounts and its log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import db
from powerbank.ledger.wallet_models import Due, Progress, WalletTransaction
from powerbank.rentals import queries
from powerbank.rentals.blocked_returns.cards import BlockCard, pauses_of_rentals
from powerbank.rentals.charges import fees
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.rentals.states import OUT, Status
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.models import Station

# These events are in the log for staff only. A person reads all others.
STAFF_EVENTS = frozenset({"staff_told", "resolved", "second_bank", "second_bank_returned"})


@dataclass(frozen=True)
class RentalCard:
    """A rental together with the values that the API shows beside it. Amounts are in paisa."""

    rental: Rental
    station: Station
    return_station: Station | None
    powerbank_sn: str
    amount_paid: int
    due_amount: int
    overdue_amount: int
    usage_amount: int
    pause: BlockCard | None
    timeline: Sequence[RentalEvent] = ()

    @property
    def terms(self) -> Rental:
        """What was agreed on stands in the row itself."""
        return self.rental


def cards_of_rentals(rentals: Sequence[Rental], *, now: datetime) -> list[RentalCard]:
    """Return the cards of these rentals. The number of queries is four, however many rentals there are.

    Those of pauses come to it where a rental had one.
    """
    places = {each.station_id for each in rentals} | {each.return_station_id for each in rentals}
    stations = {each.id: each for each in db.session.scalars(select(Station).where(Station.id.in_(places - {None})))}
    bank_ids = {each.bank_id for each in rentals}
    serials = {
        row.id: row.serial
        for row in db.session.execute(select(PowerBank.id, PowerBank.serial).where(PowerBank.id.in_(bank_ids)))
    }
    ids = [str(each.id) for each in rentals]
    paid, dues = _amounts_paid(ids), _amounts_due(ids)
    pauses = pauses_of_rentals(rentals)
    return [
        RentalCard(
            each,
            stations[each.station_id],
            stations.get(each.return_station_id) if each.return_station_id else None,
            serials[each.bank_id],
            paid.get(str(each.id), 0),
            dues.get(str(each.id), 0),
            overdue_so_far(each, now),
            fees.usage_fee_of_rental(each, each.ended_at or fees.meter_time(each, now)),
            pauses.get(each.id),
        )
        for each in rentals
    ]


def card_of_rental(rental: Rental, *, now: datetime) -> RentalCard:
    """Return the card of one rental, with the part of its log that its person may read."""
    card = cards_of_rentals([rental], now=now)[0]
    timeline = [each for each in queries.events_of_rental(rental.id) if each.event not in STAFF_EVENTS]
    return replace(card, timeline=timeline)


def user_card_page(user_id: UUID, *, now: datetime, **arguments: Any) -> dict[str, Any]:
    """Return one page of a person's rentals as cards, newest first. `arguments` are those of `user_rental_page`."""
    page = queries.user_rental_page(user_id, **arguments)
    return page | {"items": cards_of_rentals(page["items"], now=now)}


def open_cards_of_user(user_id: UUID, *, now: datetime) -> list[RentalCard]:
    """Return the open rentals of a person as cards, newest first."""
    return cards_of_rentals(queries.open_rentals_of_user(user_id), now=now)


def card_page(*, now: datetime, **arguments: Any) -> dict[str, Any]:
    """Return one page of all rentals that match, as cards. `arguments` are those of `rental_page`."""
    page = queries.rental_page(now=now, **arguments)
    return page | {"items": cards_of_rentals(page["items"], now=now)}


def overdue_so_far(rental: Rental, now: datetime) -> int:
    """Return the overdue fee that was billed, plus the fee that is running up now."""
    running = rental.status in OUT or (rental.status == Status.COMPLETED and rental.settled_at is None)
    if not running or rental.came_late:
        return rental.overdue_amount
    return rental.overdue_amount + fees.overdue_fee_of_rental(rental, rental.ended_at or fees.meter_time(rental, now))


def _amounts_paid(rental_ids: list[str]) -> dict[str, int]:
    """Return what was paid for each rental, without what was refunded."""
    paid = WalletTransaction.wallet + WalletTransaction.points_value
    refunded = WalletTransaction.refunded_wallet + WalletTransaction.refunded_value
    query = (
        select(WalletTransaction.reference_id, func.sum(paid - refunded))
        .where(
            WalletTransaction.reference_kind == "rental",
            WalletTransaction.reference_id.in_(rental_ids),
            WalletTransaction.direction == "out",
            WalletTransaction.entry_id.is_not(None),
        )
        .group_by(WalletTransaction.reference_id)
    )
    return {str(row[0]): int(row[1]) for row in db.session.execute(query)}


def _amounts_due(rental_ids: list[str]) -> dict[str, int]:
    """Return what is still owed for each rental that has open dues."""
    query = (
        select(Due.reference_id, func.sum(Due.amount - Due.paid - Due.waived))
        .where(Due.reference_kind == "rental", Due.reference_id.in_(rental_ids), Due.status == Progress.OPEN)
        .group_by(Due.reference_id)
    )
    return {row[0]: int(row[1]) for row in db.session.execute(query)}
