"""The usual message: a heartbeat that shows what the one before it showed. A few statements for many stations.

Anything else is left to `applying`: something that happened, other contents, a report out of order, a station that is
not in agreement with the database, or one that somebody else is at work on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import new_id, open_session
from powerbank.content import app_config
from powerbank.stations.availability import alerts, live_rows
from powerbank.stations.messages import sequence
from powerbank.stations.messages.arrays import array, text_array
from powerbank.stations.messages.message import (
    MOST_KEPT,
    Message,
    charges_in,
    contents_of,
    firmware_in,
    measure_of,
    measures_of,
)
from powerbank.stations.protocols.events import Heartbeat, Presence, SlotReport, Snapshot

# By their keys: joined by hashing, all stations would be read for each batch of a thousand.
_STATES = text("""
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
    SELECT s.station_id, s.boot_id, s.seq, s.reported_at, s.contents, s.measures, s.low_battery_told_at,
           s.reports_maintenance, s.snapshot_at, l.firmware, l.online
      FROM station_state AS s JOIN station_live AS l USING (station_id)
     WHERE s.station_id = ANY(CAST(:ids AS uuid[])) AND (s.contents IS NULL OR s.revision = l.revision)
       AND NOT EXISTS (SELECT FROM station_commands AS c
                        WHERE c.station_id = s.station_id AND c.status IN ('queued', 'sent', 'acknowledged'))
     ORDER BY s.station_id
       FOR UPDATE OF s SKIP LOCKED
""")
# What the app reads and what the station said last, of all stations in one statement.
_NEWEST = text("""
    WITH n AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:boots AS bigint[]), CAST(:seqs AS bigint[]),
                             CAST(:ats AS timestamptz[]), CAST(:snapshots AS timestamptz[]), CAST(:measures AS text[]),
                             CAST(:changes AS timestamptz[]))
               AS n(id, boot_id, seq, at, snapshot_at, measures, changed_at)
    ), seen AS (
        UPDATE station_live AS l SET last_seen = greatest(l.last_seen, n.at), online = true
          FROM n WHERE l.station_id = n.id
    )
    UPDATE station_state AS s
       SET boot_id = n.boot_id, seq = n.seq, reported_at = n.at, snapshot_at = coalesce(n.snapshot_at, s.snapshot_at),
           measures = coalesce(n.measures, s.measures), changed_at = coalesce(n.changed_at, s.changed_at),
           restarts_seen = 0
      FROM n WHERE s.station_id = n.id
""")
# Snapshots that change something are kept as they came.
_CHANGED = text("""
    WITH kept AS (
        INSERT INTO station_reports (id, station_id, received_at, kind, outcome, topic, payload)
        SELECT id, station_id, at, 'Snapshot', 'applied', topic, decode(payload, 'hex')
          FROM unnest(CAST(:reports AS uuid[]), CAST(:stations AS uuid[]), CAST(:received AS timestamptz[]),
                      CAST(:topics AS text[]), CAST(:payloads AS text[]))
               AS r(id, station_id, at, topic, payload)
    )
    UPDATE slots AS s SET charge = n.charge, temperature = n.temperature, reported_at = n.at
      FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[]), CAST(:charges AS int[]),
                  CAST(:temperatures AS float8[]), CAST(:ats AS timestamptz[]))
           AS n(id, number, charge, temperature, at)
     WHERE s.station_id = n.id AND s.number = n.number
""")
# By what was written just now, and by nothing that somebody else wrote since the look.
_WRITTEN_TO = text("UPDATE station_state SET revision = revision + 1 WHERE station_id = ANY(CAST(:ids AS uuid[]))")


@dataclass
class Standing:
    """Where one station stands while its messages of this batch are looked at."""

    boot_id: int | None
    seq: int | None
    reported_at: datetime | None
    contents: str | None
    measures: str | None
    restart_boot_id: int | None = None
    restart_seq: int | None = None
    restarts_seen: int = 0
    snapshot: Message | None = None
    was: str | None = None  # the charges before this batch
    spoke: bool = False  # the broker's word alone is no sign of life

    @property
    def shown_at(self) -> datetime | None:
        return self.snapshot.received.received_at if self.snapshot is not None else None


def apply(by_station: dict[UUID, list[Message]], *, now: datetime) -> set[UUID]:
    """Inside an open transaction. The stations that were left alone come back."""
    usual = {id_: messages for id_, messages in by_station.items() if all(map(_is_usual, messages))}
    if not usual:
        return set(by_station)
    rules = app_config.current()
    rows = open_session().execute(_STATES, {"ids": array(usual)}).all()
    taken: dict[UUID, tuple[Standing, Any]] = {}
    for row in rows:
        standing = _follow(row, usual[row.station_id])
        if standing is not None and not _charges_alarm(row, standing, rules.low_battery_alert, now):
            taken[row.station_id] = (standing, row)
    speaking = {id_: each for id_, each in taken.items() if each[0].spoke}
    if speaking:
        _write(speaking, crossing=rules.min_eject_battery)
    return by_station.keys() - taken.keys()


def _is_usual(message: Message) -> bool:
    return (
        bool(message.events)
        and not message.odd
        and all(isinstance(event, Heartbeat | Snapshot | Presence) for event in message.events)
    )


def _follow(row: Any, messages: list[Message]) -> Standing | None:
    """The station after all these messages, or None if one of them is not usual."""
    standing = Standing(row.boot_id, row.seq, row.reported_at, row.contents, row.measures, was=row.measures)
    for message in messages:
        if isinstance(message.events[0], Presence):
            if message.events[0].online != row.online:
                return None
            continue
        if not sequence.is_newer(standing, message.order) or not _says_nothing_new(row, message):
            return None
        if message.snapshot is not None:
            if row.contents is None or contents_of(message.snapshot) != row.contents:
                return None
            standing.measures = measures_of(message.snapshot)
            standing.snapshot = message
        elif row.snapshot_at is None or message.received.received_at - row.snapshot_at >= message.station.heartbeat:
            return None
        sequence.advance(standing, message.order)
        standing.spoke = True
    return standing


def _says_nothing_new(row: Any, message: Message) -> bool:
    for event in message.events:
        if isinstance(event, Heartbeat):
            firmware = firmware_in(event)
            if event.maintenance not in (None, row.reports_maintenance) or firmware not in (None, row.firmware):
                return False
    return True


def _charges_alarm(row: Any, standing: Standing, limit: int, now: datetime) -> bool:
    told = row.low_battery_told_at
    if standing.measures == standing.was or (told is not None and now - told < alerts.BATTERY_EACH):
        return False
    return any(charge is not None and charge < limit for charge in charges_in(standing.measures or "").values())


def _write(taken: dict[UUID, tuple[Standing, Any]], *, crossing: int) -> None:
    session = open_session()
    standings = [standing for standing, _ in taken.values()]
    changed = {id_: standing for id_, (standing, _) in taken.items() if standing.measures != standing.was}
    session.execute(
        _NEWEST,
        {
            "ids": array(taken),
            "boots": array(each.boot_id for each in standings),
            "seqs": array(each.seq for each in standings),
            "ats": array(each.reported_at for each in standings),
            "snapshots": array(each.shown_at for each in standings),
            "measures": text_array(each.measures if each.measures != each.was else None for each in standings),
            "changes": array(None if row.online else standing.reported_at for standing, row in taken.values()),
        },
    )
    if changed:
        _write_charges(changed)
    crossed = [id_ for id_, standing in changed.items() if _crosses(standing, crossing)]
    if crossed:
        live_rows.refresh_live_rows(crossed)
        session.execute(_WRITTEN_TO, {"ids": array(crossed)})


def _write_charges(changed: dict[UUID, Standing]) -> None:
    """Only of slots that show something else than before."""
    messages = [standing.snapshot for standing in changed.values() if standing.snapshot is not None]
    slots = [
        (message, slot)
        for standing in changed.values()
        if (message := standing.snapshot) is not None and message.snapshot is not None
        for slot in _differing(message.snapshot, standing.was)
    ]
    open_session().execute(
        _CHANGED,
        {
            "reports": array(new_id() for _ in messages),
            "stations": array(changed),
            "received": array(each.received.received_at for each in messages),
            "topics": text_array(each.received.topic for each in messages),
            "payloads": text_array(each.received.payload[:MOST_KEPT].hex() for each in messages),
            "ids": array(message.station.id for message, _ in slots),
            "numbers": array(slot.number for _, slot in slots),
            "charges": array(slot.charge for _, slot in slots),
            "temperatures": array(slot.temperature for _, slot in slots),
            "ats": array(message.received.received_at for message, _ in slots),
        },
    )


def _differing(snapshot: Snapshot, was: str | None) -> list[SlotReport]:
    before = set(was.split(";")) if was else set()
    return [slot for slot in snapshot.slots if slot.serial is not None and measure_of(slot) not in before]


def _crosses(standing: Standing, limit: int) -> bool:
    """Whether a bank has become one to hand out, or is one no more."""
    before, after = charges_in(standing.was or ""), charges_in(standing.measures or "")
    return any(((before.get(number) or 0) >= limit) != ((charge or 0) >= limit) for number, charge in after.items())
