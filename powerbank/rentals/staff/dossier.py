"""One rental for staff: everything that is known of it side by side."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from powerbank.base.db import db
from powerbank.ledger.wallet_models import Due, Hold
from powerbank.rentals import locations, queries, times
from powerbank.rentals.models import Rental
from powerbank.stations.commands.models import StationCommand
from powerbank.stations.custody import history
from powerbank.stations.custody.history import Mention
from powerbank.stations.custody.models import Custody, PowerBank
from powerbank.stations.models import Station

AROUND = timedelta(minutes=15)


def whole(rental: Rental, *, now: datetime) -> dict[str, Any]:
    about = {"reference_kind": "rental", "reference_id": str(rental.id)}
    return {
        "rental": queries.card(rental, now=now),
        "timeline": queries.events(rental.id),
        "commands": db.session.scalars(
            select(StationCommand).where(StationCommand.rental_id == rental.id).order_by(StationCommand.id)
        ).all(),
        "custody": _custody(rental, now),
        "reports": reports(rental, now=now),
        "payments": queries.payments(rental.id),
        "holds": db.session.scalars(select(Hold).filter_by(**about).order_by(Hold.id)).all(),
        "dues": db.session.scalars(select(Due).filter_by(**about).order_by(Due.id)).all(),
        "cases": queries.cases(rental.id),
        "locations": locations.extent(rental),
    }


def reports(rental: Rental, *, now: datetime) -> list[Mention]:
    """What the stations said of the bank around its leaving and its coming back, or lately if it is out."""
    serial = db.session.get_one(PowerBank, rental.bank_id).serial
    stay = times.stay(rental)
    left_at = (stay.since if stay else None) or rental.created_at
    back_at = (stay.until if stay else None) or rental.ended_at or now
    places = {rental.station_id, rental.return_station_id, _place_after(stay)} - {None}
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


def _place_after(stay: Custody | None) -> Any:
    if stay is None or stay.until is None:
        return None
    after = select(Custody.station_id).where(Custody.bank_id == stay.bank_id, func.lower(Custody.period) == stay.until)
    return db.session.scalar(after)


def _custody(rental: Rental, now: datetime) -> Sequence[dict[str, Any]]:
    """Of its bank, from the promise to the end, and of any other that was with its person for it."""
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
