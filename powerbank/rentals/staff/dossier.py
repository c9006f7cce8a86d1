"""The dossier of a rental: everything that is known of it, side by side, for staff."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from powerbank.base.db import db
from powerbank.ledger.wallet_models import Due, Hold
from powerbank.rentals import cards, locations, queries
from powerbank.rentals.models import Rental
from powerbank.stations.commands.models import StationCommand
from powerbank.stations.custody import history
from powerbank.stations.custody.history import Mention
from powerbank.stations.custody.models import Custody, PowerBank
from powerbank.stations.models import Station

AROUND = timedelta(minutes=15)


def rental_dossier(rental: Rental, *, now: datetime) -> dict[str, Any]:
    """Return the rental with its log, commands, custody, station messages, money, cases and places."""
    about = {"reference_kind": "rental", "reference_id": str(rental.id)}
    return {
        "rental": cards.card_of_rental(rental, now=now),
        "timeline": queries.events_of_rental(rental.id),
        "commands": db.session.scalars(
            select(StationCommand).where(StationCommand.rental_id == rental.id).order_by(StationCommand.id)
        ).all(),
        "custody": _custody(rental, now),
        "reports": station_messages(rental, now=now),
        "payments": queries.payments_of_rental(rental.id),
        "holds": db.session.scalars(select(Hold).filter_by(**about).order_by(Hold.id)).all(),
        "dues": db.session.scalars(select(Due).filter_by(**about).order_by(Due.id)).all(),
        "cases": queries.cases_of_rental(rental.id),
        "locations": locations.location_extent(rental),
    }


def station_messages(rental: Rental, *, now: datetime) -> list[Mention]:
    """Return what stations said about the power bank around its ejection and its return, or until now if it is out."""
    serial = db.session.get_one(PowerBank, rental.bank_id).serial
    custody = queries.newest_custody(rental)
    left_at = (custody.since if custody else None) or rental.created_at
    back_at = (custody.until if custody else None) or rental.ended_at or now
    places = {rental.station_id, rental.return_station_id, _station_after(custody)} - {None}
    windows = [(left_at - AROUND, left_at + AROUND), (back_at - AROUND, back_at + AROUND)]
    if windows[1][0] <= windows[0][1]:
        windows = [(windows[0][0], windows[1][1])]
    return [
        each
        for since, until in windows
        for each in history.list_mentions(
            serial, [place for place in places if place is not None], since=since, until=until
        )
    ]


def _station_after(custody: Custody | None) -> Any:
    """Return the station to which the power bank came back after this custody."""
    if custody is None or custody.until is None:
        return None
    after = select(Custody.station_id).where(
        Custody.bank_id == custody.bank_id, func.lower(Custody.period) == custody.until
    )
    return db.session.scalar(after)


def _custody(rental: Rental, now: datetime) -> Sequence[dict[str, Any]]:
    """Return the custody of the power bank during the rental, and of any other one that the person had for it."""
    since = rental.created_at
    its_own = (
        (Custody.bank_id == rental.bank_id)
        & (func.coalesce(func.upper(Custody.period), since) >= since)
        & (func.lower(Custody.period) <= (rental.ended_at or now))
    )
    stays = db.session.execute(
        select(Custody, Station.sn, PowerBank.serial)
        .join(PowerBank, PowerBank.id == Custody.bank_id)
        .outerjoin(Station, Station.id == Custody.station_id)
        .where(or_(its_own, Custody.rental_id == rental.id))
        .order_by(Custody.id)
    ).all()
    return [
        {
            "place": stay.place,
            "powerbank_sn": serial,
            "station_sn": sn,
            "slot_number": stay.slot_number,
            "rental_id": stay.rental_id,
            "since": stay.since,
            "until": stay.until,
            "cause": stay.cause,
        }
        for stay, sn, serial in stays
    ]
