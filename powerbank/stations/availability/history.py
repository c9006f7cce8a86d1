"""Tell what a station was like over time: its status, and the banks that it held with their charge.

The status comes from its changes. Banks and charges come from the station's own snapshots, which are kept as they came:
so many moments of the time that is asked for are looked up, and the snapshot that was the newest one then is decoded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Row, delete, select, text

from powerbank.base.db import db, first_id_of, open_session
from powerbank.content import app_config
from powerbank.stations.availability.models import PageOpens, StatusChange, StockChange
from powerbank.stations.messages.arrays import format_array
from powerbank.stations.messages.message import ReceivedMessage, StationIdentity, decode_message
from powerbank.stations.models import Station
from powerbank.stations.protocols.events import Seen, Snapshot
from powerbank.stations.protocols.protocol import StationFacts

RETENTION = timedelta(days=90)
DELETED_AT_ONCE = 5000


class Period(StrEnum):
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"


LENGTHS = {Period.DAY: timedelta(days=1), Period.WEEK: timedelta(days=7), Period.MONTH: timedelta(days=30)}
MOMENTS = 168  # of each period: of a week each hour

# The newest snapshot before each of the moments. Identifiers of messages begin with the time of their receipt.
_SNAPSHOTS = text("""
    SELECT asked.at, message.received_at, message.topic, message.payload
      FROM unnest(CAST(:moments AS timestamptz[]), CAST(:ids AS uuid[])) AS asked (at, id)
     CROSS JOIN LATERAL (SELECT received_at, topic, payload FROM station_messages
                          WHERE station_id = :station_id AND id < asked.id AND id >= :first
                            AND kind = 'Snapshot' AND outcome = 'applied'
                          ORDER BY id DESC LIMIT 1) AS message
     ORDER BY asked.at
""")


@dataclass(frozen=True)
class Stretch:
    """A time in which a station had one status."""

    status: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Moment:
    """What a station held at a moment. `charge` is the mean of its banks, None if it held none."""

    at: datetime
    banks: int
    rentable: int  # banks with enough charge to be rented out
    charge: int | None


@dataclass(frozen=True)
class StationHistory:
    since: datetime
    until: datetime
    stretches: list[Stretch]
    moments: list[Moment]

    @property
    def online_share(self) -> float | None:
        """Tell for which share of the known time the station was online or in maintenance."""
        known = sum((each.until - each.since for each in self.stretches), timedelta())
        away = sum((each.until - each.since for each in self.stretches if each.status == "offline"), timedelta())
        return 1 - away / known if known else None


def read_history(station: Station, period: Period, *, now: datetime) -> StationHistory:
    since = now - LENGTHS[period]
    return StationHistory(
        since, now, list(_read_stretches(station.id, since, now)), list(_read_moments(station, since, now))
    )


def _read_stretches(station_id: UUID, since: datetime, until: datetime) -> Iterator[Stretch]:
    of_station = select(StatusChange).where(StatusChange.station_id == station_id)
    before = of_station.where(StatusChange.at <= since).order_by(StatusChange.at.desc()).limit(1)
    within = of_station.where(StatusChange.at > since, StatusChange.at <= until).order_by(StatusChange.at)
    changes = [*db.session.scalars(before), *db.session.scalars(within)]
    ends = [each.at for each in changes[1:]] + [until]
    for change, end in zip(changes, ends, strict=True):
        yield Stretch(change.status, max(change.at, since), end)


def _read_moments(station: Station, since: datetime, until: datetime) -> Iterator[Moment]:
    step = (until - since) / MOMENTS
    moments = [since + step * number for number in range(1, MOMENTS + 1)]
    values = {
        "station_id": station.id,
        "moments": format_array(moments),
        "ids": format_array(first_id_of(each) for each in moments),
        "first": first_id_of(since - LENGTHS[Period.DAY]),
    }
    enough = app_config.current().min_eject_battery
    identity = StationIdentity(station.id, station.imei, station.protocol)
    for row in db.session.execute(_SNAPSHOTS, values):
        snapshot = _decode(row, identity)
        if snapshot is not None:
            charges = [slot.charge for slot in snapshot.slots if slot.seen is Seen.BANK]
            known = [each for each in charges if each is not None]
            yield Moment(
                row.at,
                len(charges),
                sum(each >= enough for each in known),
                round(sum(known) / len(known)) if known else None,
            )


def _decode(row: Row[Any], identity: StationIdentity) -> Snapshot | None:
    received = ReceivedMessage(row.topic, bytes(row.payload), row.received_at)
    message = decode_message(received, identity, StationFacts())
    return message.snapshot if message is not None else None


def delete_old_changes(*, now: datetime) -> int:
    """Delete a batch of old changes and count them. The newest change of each station stays, however old."""
    return _delete_old(StatusChange, now) + _delete_old(StockChange, now)


def delete_old_page_opens(*, now: datetime) -> None:
    open_session().execute(delete(PageOpens).where(PageOpens.hour < now - RETENTION))


def _delete_old(model: type[StatusChange] | type[StockChange], now: datetime) -> int:
    newer = model.__table__.alias("newer")
    old = (
        select(model.station_id, model.at)
        .where(
            model.at < now - RETENTION,
            select(newer.c.at).where(newer.c.station_id == model.station_id, newer.c.at > model.at).exists(),
        )
        .order_by(model.at)
        .limit(DELETED_AT_ONCE)
        .subquery()
    )
    gone = delete(model).where(model.station_id == old.c.station_id, model.at == old.c.at)
    return cast("CursorResult[Any]", open_session().execute(gone)).rowcount
