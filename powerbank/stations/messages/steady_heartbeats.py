"""Apply steady heartbeats, which show what the heartbeat before them showed: a few statements for many stations.

A station is left to `apply_messages` if it sends anything else: an event, other contents, a message out of order. It is
left as well if it and the database do not agree, or if somebody else works on it at this moment.
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

# Each statement names its stations for both sides of a join. PostgreSQL carries an equality over to the other side, but
# not `= ANY`: it would expect to look at the other table as a whole, and read all stations for a batch of a hundred.
_STATES = text("""
    SELECT s.station_id, s.boot_id, s.seq, s.reported_at, s.contents, s.measures, s.low_battery_alert_at,
           s.reports_maintenance, s.snapshot_at, l.firmware, l.online, l.sn
      FROM station_state AS s JOIN station_live AS l USING (station_id)
     WHERE s.station_id = ANY(CAST(:ids AS uuid[])) AND l.station_id = ANY(CAST(:ids AS uuid[]))
       AND (s.contents IS NULL OR s.revision = l.revision)
       AND NOT EXISTS (SELECT FROM station_commands AS c
                        WHERE c.station_id = s.station_id AND c.status IN ('queued', 'sent', 'acknowledged'))
     ORDER BY s.station_id
       FOR UPDATE OF s SKIP LOCKED
""")
# One statement writes what the app reads and what the stations said last.
_NEWEST = text("""
    WITH n AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:boots AS bigint[]), CAST(:seqs AS bigint[]),
                             CAST(:ats AS timestamptz[]), CAST(:snapshots AS timestamptz[]), CAST(:measures AS text[]),
                             CAST(:changes AS timestamptz[]))
               AS n(id, boot_id, seq, at, snapshot_at, measures, changed_at)
    ), seen AS (
        UPDATE station_live AS l SET last_seen = greatest(l.last_seen, n.at), online = true
          FROM n WHERE l.station_id = n.id AND l.station_id = ANY(CAST(:ids AS uuid[]))
    )
    UPDATE station_state AS s
       SET boot_id = n.boot_id, seq = n.seq, reported_at = n.at, snapshot_at = coalesce(n.snapshot_at, s.snapshot_at),
           measures = coalesce(n.measures, s.measures), changed_at = coalesce(n.changed_at, s.changed_at),
           restarts_seen = 0
      FROM n WHERE s.station_id = n.id AND s.station_id = ANY(CAST(:ids AS uuid[]))
""")
# Snapshots that change charges are kept as they came.
_CHANGED = text("""
    WITH logged AS (
        INSERT INTO station_messages (id, station_id, received_at, kind, outcome, topic, payload)
        SELECT id, station_id, at, 'Snapshot', 'applied', topic, decode(payload, 'hex')
          FROM unnest(CAST(:reports AS uuid[]), CAST(:stations AS uuid[]), CAST(:received AS timestamptz[]),
                      CAST(:topics AS text[]), CAST(:payloads AS text[]))
               AS r(id, station_id, at, topic, payload)
    )
    UPDATE slots AS s SET charge = n.charge, temperature = n.temperature, reported_at = n.at
      FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[]), CAST(:charges AS int[]),
                  CAST(:temperatures AS float8[]), CAST(:ats AS timestamptz[]))
           AS n(id, number, charge, temperature, at)
     WHERE s.station_id = n.id AND s.number = n.number AND s.station_id = ANY(CAST(:stations AS uuid[]))
""")
# The revision grows by the refresh of this transaction only, and not by what somebody else wrote since the states were
# read: such a change is to be noticed.
_ADVANCE_REVISION = text(
    "UPDATE station_state SET revision = revision + 1 WHERE station_id = ANY(CAST(:ids AS uuid[]))"
)


@dataclass
class StationProgress:
    """Where one station stands while its messages of this batch are followed."""

    boot_id: int | None
    seq: int | None
    reported_at: datetime | None
    contents: str | None
    measures: str | None
    restart_boot_id: int | None = None
    restart_seq: int | None = None
    restarts_seen: int = 0
    snapshot: DecodedMessage | None = None
    measures_before: str | None = None  # the measures before this batch
    spoke: bool = False  # the broker's word alone does not show that the station is there

    @property
    def shown_at(self) -> datetime | None:
        return self.snapshot.received.received_at if self.snapshot is not None else None


def apply_steady_heartbeats(by_station: dict[UUID, list[DecodedMessage]], *, now: datetime) -> set[UUID]:
    """Apply the messages of the stations that sent nothing but steady heartbeats, and give the other stations."""
    plain = {id_: messages for id_, messages in by_station.items() if all(map(_is_plain, messages))}
    if not plain:
        return set(by_station)
    rules = app_config.current()
    rows = open_session().execute(_STATES, {"ids": format_array(plain)}).all()
    steady: dict[UUID, tuple[StationProgress, Any]] = {}
    for row in rows:
        progress = _follow_messages(row, plain[row.station_id])
        if progress is not None and not _needs_battery_alert(row, progress, rules.low_battery_alert, now):
            steady[row.station_id] = (progress, row)
    speaking = {id_: each for id_, each in steady.items() if each[0].spoke}
    if speaking:
        _write_progress(speaking, crossing=rules.min_eject_battery)
    return by_station.keys() - steady.keys()


def _is_plain(message: DecodedMessage) -> bool:
    return (
        bool(message.events)
        and not message.oddities
        and all(isinstance(event, Heartbeat | Snapshot | Presence) for event in message.events)
    )


def _follow_messages(row: Any, messages: list[DecodedMessage]) -> StationProgress | None:
    """Follow the messages of a station to where it stands after them. None: one of them is not steady."""
    progress = StationProgress(
        row.boot_id, row.seq, row.reported_at, row.contents, row.measures, measures_before=row.measures
    )
    for message in messages:
        if isinstance(message.events[0], Presence):
            if message.events[0].online != row.online:
                return None
            continue
        if not sequence.is_newer(progress, message.order) or not _repeats_facts(row, message):
            return None
        if message.snapshot is not None:
            if row.contents is None or digest_contents(message.snapshot) != row.contents:
                return None
            progress.measures = format_measures(message.snapshot)
            progress.snapshot = message
        elif row.snapshot_at is None or message.received.received_at - row.snapshot_at >= message.station.heartbeat:
            return None
        sequence.advance_sequence(progress, message.order)
        progress.spoke = True
    return progress


def _repeats_facts(row: Any, message: DecodedMessage) -> bool:
    for event in message.events:
        if isinstance(event, Heartbeat):
            firmware = read_firmware(event)
            if event.maintenance not in (None, row.reports_maintenance) or firmware not in (None, row.firmware):
                return False
    return True


def _needs_battery_alert(row: Any, progress: StationProgress, limit: int, now: datetime) -> bool:
    warned_at = row.low_battery_alert_at
    if progress.measures == progress.measures_before or (
        warned_at is not None and now - warned_at < alerts.LOW_BATTERY_INTERVAL
    ):
        return False
    return any(charge is not None and charge < limit for charge in parse_charges(progress.measures or "").values())


def _write_progress(speaking: dict[UUID, tuple[StationProgress, Any]], *, crossing: int) -> None:
    session = open_session()
    all_progress = [progress for progress, _ in speaking.values()]
    changed = {
        id_: progress for id_, (progress, _) in speaking.items() if progress.measures != progress.measures_before
    }
    session.execute(
        _NEWEST,
        {
            "ids": format_array(speaking),
            "boots": format_array(each.boot_id for each in all_progress),
            "seqs": format_array(each.seq for each in all_progress),
            "ats": format_array(each.reported_at for each in all_progress),
            "snapshots": format_array(each.shown_at for each in all_progress),
            "measures": format_text_array(
                each.measures if each.measures != each.measures_before else None for each in all_progress
            ),
            "changes": format_array(
                None if row.online else progress.reported_at for progress, row in speaking.values()
            ),
        },
    )
    live_rows.announce_stations(row.sn for _, row in speaking.values() if not row.online)
    if changed:
        _write_charges(changed)
        for id_ in changed:
            sn = speaking[id_][1].sn
            changes.announce(f"station:{sn}", kind="slots", id=sn)
    crossed = [id_ for id_, progress in changed.items() if _crosses_limit(progress, crossing)]
    if crossed:
        live_rows.refresh_live_rows(crossed)
        session.execute(_ADVANCE_REVISION, {"ids": format_array(crossed)})


def _write_charges(changed: dict[UUID, StationProgress]) -> None:
    """Write the charges and temperatures of the slots that show other ones than before."""
    messages = [progress.snapshot for progress in changed.values() if progress.snapshot is not None]
    slots = [
        (message, slot)
        for progress in changed.values()
        if (message := progress.snapshot) is not None and message.snapshot is not None
        for slot in _list_changed_slots(message.snapshot, progress.measures_before)
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


def _list_changed_slots(snapshot: Snapshot, measures_before: str | None) -> list[SlotReading]:
    before = set(measures_before.split(";")) if measures_before else set()
    return [slot for slot in snapshot.slots if slot.serial is not None and format_measure(slot) not in before]


def _crosses_limit(progress: StationProgress, limit: int) -> bool:
    """Tell whether a bank can be handed out now and could not before, or the other way round."""
    before, after = parse_charges(progress.measures_before or ""), parse_charges(progress.measures or "")
    return any(((before.get(number) or 0) >= limit) != ((charge or 0) >= limit) for number, charge in after.items())
