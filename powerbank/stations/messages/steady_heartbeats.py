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
from powerbank.live import changes
from powerbank.stations.availability import alerts, live_rows
from powerbank.stations.messages import sequence
from powerbank.stations.messages.arrays import format_array, format_text_array
from powerbank.stations.messages.message import (
    MAX_KEPT_BYTES,
    DecodedMessage,
    digest_contents,
    format_measure,
    format_measures,
    parse_charges,
    read_firmware,
)
from powerbank.stations.protocols.events import Heartbeat, Presence, SlotReading, Snapshot

# By their keys: joined by hashing, all stations would be read for each batch of a thousand.
_STATES = text("""
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
    SELECT s.station_id, s.boot_id, s.seq, s.reported_at, s.contents, s.measures, s.low_battery_told_at,
           s.reports_maintenance, s.snapshot_at, l.firmware, l.online, l.sn
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
class StationProgress:
    """Where one station stands while its messages of this batch are looked at."""

    boot_id: int | None
    seq: int | None
    reported_at: datetime | None
    contents: str | None
    measures: str | None
    restart_boot_id: int | None = None
    restart_seq: int | None = None
    restarts_seen: int = 0
    snapshot: DecodedMessage | None = None
    was: str | None = None  # the charges before this batch
    spoke: bool = False  # the broker's word alone is no sign of life

    @property
    def shown_at(self) -> datetime | None:
        return self.snapshot.received.received_at if self.snapshot is not None else None


def apply_steady_heartbeats(by_station: dict[UUID, list[DecodedMessage]], *, now: datetime) -> set[UUID]:
    """Inside an open transaction. The stations that were left alone come back."""
    usual = {id_: messages for id_, messages in by_station.items() if all(map(_is_plain, messages))}
    if not usual:
        return set(by_station)
    rules = app_config.current()
    rows = open_session().execute(_STATES, {"ids": format_array(usual)}).all()
    taken: dict[UUID, tuple[StationProgress, Any]] = {}
    for row in rows:
        standing = _follow_messages(row, usual[row.station_id])
        if standing is not None and not _needs_battery_alert(row, standing, rules.low_battery_alert, now):
            taken[row.station_id] = (standing, row)
    speaking = {id_: each for id_, each in taken.items() if each[0].spoke}
    if speaking:
        _write_progress(speaking, crossing=rules.min_eject_battery)
    return by_station.keys() - taken.keys()


def _is_plain(message: DecodedMessage) -> bool:
    return (
        bool(message.events)
        and not message.oddities
        and all(isinstance(event, Heartbeat | Snapshot | Presence) for event in message.events)
    )


def _follow_messages(row: Any, messages: list[DecodedMessage]) -> StationProgress | None:
    """The station after all these messages, or None if one of them is not usual."""
    standing = StationProgress(row.boot_id, row.seq, row.reported_at, row.contents, row.measures, was=row.measures)
    for message in messages:
        if isinstance(message.events[0], Presence):
            if message.events[0].online != row.online:
                return None
            continue
        if not sequence.is_newer(standing, message.order) or not _says_nothing_new(row, message):
            return None
        if message.snapshot is not None:
            if row.contents is None or digest_contents(message.snapshot) != row.contents:
                return None
            standing.measures = format_measures(message.snapshot)
            standing.snapshot = message
        elif row.snapshot_at is None or message.received.received_at - row.snapshot_at >= message.station.heartbeat:
            return None
        sequence.advance_sequence(standing, message.order)
        standing.spoke = True
    return standing


def _says_nothing_new(row: Any, message: DecodedMessage) -> bool:
    for event in message.events:
        if isinstance(event, Heartbeat):
            firmware = read_firmware(event)
            if event.maintenance not in (None, row.reports_maintenance) or firmware not in (None, row.firmware):
                return False
    return True


def _needs_battery_alert(row: Any, standing: StationProgress, limit: int, now: datetime) -> bool:
    told = row.low_battery_told_at
    if standing.measures == standing.was or (told is not None and now - told < alerts.LOW_BATTERY_INTERVAL):
        return False
    return any(charge is not None and charge < limit for charge in parse_charges(standing.measures or "").values())


def _write_progress(taken: dict[UUID, tuple[StationProgress, Any]], *, crossing: int) -> None:
    session = open_session()
    standings = [standing for standing, _ in taken.values()]
    changed = {id_: standing for id_, (standing, _) in taken.items() if standing.measures != standing.was}
    session.execute(
        _NEWEST,
        {
            "ids": format_array(taken),
            "boots": format_array(each.boot_id for each in standings),
            "seqs": format_array(each.seq for each in standings),
            "ats": format_array(each.reported_at for each in standings),
            "snapshots": format_array(each.shown_at for each in standings),
            "measures": format_text_array(each.measures if each.measures != each.was else None for each in standings),
            "changes": format_array(None if row.online else standing.reported_at for standing, row in taken.values()),
        },
    )
    live_rows.announce_stations(row.sn for _, row in taken.values() if not row.online)
    if changed:
        _write_charges(changed)
        for id_ in changed:
            sn = taken[id_][1].sn
            changes.announce(f"station:{sn}", kind="slots", id=sn)
    crossed = [id_ for id_, standing in changed.items() if _crosses_limit(standing, crossing)]
    if crossed:
        live_rows.refresh_live_rows(crossed)
        session.execute(_WRITTEN_TO, {"ids": format_array(crossed)})


def _write_charges(changed: dict[UUID, StationProgress]) -> None:
    """Only of slots that show something else than before."""
    messages = [standing.snapshot for standing in changed.values() if standing.snapshot is not None]
    slots = [
        (message, slot)
        for standing in changed.values()
        if (message := standing.snapshot) is not None and message.snapshot is not None
        for slot in _list_changed_slots(message.snapshot, standing.was)
    ]
    open_session().execute(
        _CHANGED,
        {
            "reports": format_array(new_id() for _ in messages),
            "stations": format_array(changed),
            "received": format_array(each.received.received_at for each in messages),
            "topics": format_text_array(each.received.topic for each in messages),
            "payloads": format_text_array(each.received.payload[:MAX_KEPT_BYTES].hex() for each in messages),
            "ids": format_array(message.station.id for message, _ in slots),
            "numbers": format_array(slot.number for _, slot in slots),
            "charges": format_array(slot.charge for _, slot in slots),
            "temperatures": format_array(slot.temperature for _, slot in slots),
            "ats": format_array(message.received.received_at for message, _ in slots),
        },
    )


def _list_changed_slots(snapshot: Snapshot, was: str | None) -> list[SlotReading]:
    before = set(was.split(";")) if was else set()
    return [slot for slot in snapshot.slots if slot.serial is not None and format_measure(slot) not in before]


def _crosses_limit(standing: StationProgress, limit: int) -> bool:
    """Whether a bank has become one to hand out, or is one no more."""
    before, after = parse_charges(standing.was or ""), parse_charges(standing.measures or "")
    return any(((before.get(number) or 0) >= limit) != ((charge or 0) >= limit) for number, charge in after.items())
