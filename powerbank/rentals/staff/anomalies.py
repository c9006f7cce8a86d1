"""Anomalies: what is far from the usual. Staff are told of each once.

They are rentals that last very long, stations that refuse or get nothing back, and bursts of sign-ups, refunds and
coupons. Identifiers begin with the time, so that each search reads the end of an index.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, true

from powerbank.base.clock import local_day
from powerbank.base.db import first_id_of, open_session
from powerbank.ledger.wallet_models import TransactionType, WalletTransaction
from powerbank.outbox.enqueue import publish
from powerbank.promotions.models import Redemption
from powerbank.rentals.events import AnomalyFound
from powerbank.rentals.models import Rental
from powerbank.rentals.states import OUT, Status
from powerbank.stations.commands.models import CommandName, CommandStatus, StationCommand
from powerbank.stations.models import Station
from powerbank.users.models import User

SAMPLE, LEAST_SAMPLE = 1000, 20  # completed rentals that show what is usual
FAR_BEYOND = 3  # times the duration of which 95 of 100 rentals stay below
REFUSALS_WITHIN, LEAST_EJECTIONS, MANY_REFUSALS = timedelta(hours=3), 10, 0.3
LEAST_RENTALS, MANY_OUT = 5, 0.5  # share of the rentals that began between one and two days ago
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
LEAST_OF_A_BURST, TIMES_THE_USUAL = 20, 5
MOST = 50


class Anomaly(NamedTuple):
    key: str  # staff are told once of each key
    detail: str


def scan_for_anomalies(*, now: datetime) -> list[Anomaly]:
    """Find all anomalies and publish each of them."""
    found = [*_long_rentals(now), *_refusing_stations(now), *_stations_without_returns(now), *_bursts(now)]
    for each in found:
        publish(AnomalyFound(key=each.key, detail=each.detail))
    return found


def _long_rentals(now: datetime) -> Iterator[Anomaly]:
    """Find overdue rentals that last much longer than the newest completed ones."""
    session = open_session()
    newest = (
        select((Rental.ended_at - Rental.started_at).label("took"))
        .where(Rental.status == Status.COMPLETED, ~Rental.came_late)
        .order_by(Rental.id.desc())
        .limit(SAMPLE)
        .subquery()
    )
    usual, count = session.execute(
        select(func.percentile_disc(0.95).within_group(newest.c.took), func.count()).select_from(newest)
    ).one()
    if count < LEAST_SAMPLE:
        return
    far = select(Rental).where(
        Rental.status.in_(OUT), Rental.due_at < now, Rental.started_at < now - FAR_BEYOND * usual
    )
    for rental in session.scalars(far.order_by(Rental.due_at).limit(MOST)):
        assert rental.started_at is not None  # noqa: S101 (CHECK started)
        hours = int((now - rental.started_at).total_seconds() // 3600)
        yield Anomaly(f"rental:{rental.id}", f"rental {rental.code} is out for {hours} hours, far beyond the usual")


def _refusing_stations(now: datetime) -> Iterator[Anomaly]:
    """Find stations that failed a large share of their last ejections."""
    bad = func.count().filter(StationCommand.status.in_([CommandStatus.FAILED, CommandStatus.UNKNOWN]))
    query = (
        select(Station.sn, bad, func.count())
        .join(Station, Station.id == StationCommand.station_id)
        .where(StationCommand.id >= first_id_of(now - REFUSALS_WITHIN), StationCommand.command == CommandName.EJECT)
        .group_by(Station.sn)
        .having(func.count() >= LEAST_EJECTIONS, bad >= MANY_REFUSALS * func.count())
        .order_by(Station.sn)
        .limit(MOST)
    )
    for sn, failed, count in open_session().execute(query):
        yield Anomaly(f"refusals:{sn}:{local_day(now)}", f"station {sn} failed {failed} of its last {count} ejections")


def _stations_without_returns(now: datetime) -> Iterator[Anomaly]:
    """Find stations where few rentals of the day before yesterday have ended."""
    out = func.count().filter(Rental.status.in_([*OUT, Status.LOST]))
    query = (
        select(Station.sn, out, func.count())
        .join(Station, Station.id == Rental.station_id)
        .where(Rental.id >= first_id_of(now - 2 * DAY), Rental.id < first_id_of(now - DAY))
        .group_by(Station.sn)
        .having(func.count() >= LEAST_RENTALS, out >= MANY_OUT * func.count())
        .order_by(Station.sn)
        .limit(MOST)
    )
    for sn, missing, count in open_session().execute(query):
        detail = f"{missing} of {count} power banks that left station {sn} a day ago are not back"
        yield Anomaly(f"returns:{sn}:{local_day(now)}", detail)


def _bursts(now: datetime) -> Iterator[Anomaly]:
    """Find counts of the last quarter of an hour that are far above those of the last day."""
    kinds: tuple[tuple[str, Any, ColumnElement[bool]], ...] = (
        ("sign-ups", User, true()),
        ("refunds", WalletTransaction, WalletTransaction.type == TransactionType.REFUND),
        ("coupons used", Redemption, true()),
    )
    for what, model, wanted in kinds:
        lately, today = (
            open_session().scalar(select(func.count()).where(model.id >= first_id_of(now - span), wanted)) or 0
            for span in (QUARTER, DAY)
        )
        usual = (today - lately) / (DAY / QUARTER - 1)
        if lately >= LEAST_OF_A_BURST and lately > TIMES_THE_USUAL * usual:
            detail = f"{lately} {what} in a quarter of an hour, where {usual:.1f} are usual"
            yield Anomaly(f"burst:{what}:{now:%Y-%m-%dT%H}", detail)
