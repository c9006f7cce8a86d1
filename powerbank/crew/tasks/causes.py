"""Find what is wrong at stations, and what the next hours want of them, in one pass over live state.

A row says what a task would be about: its kind, how many banks to bring and to take, and what is lost an hour
meanwhile. What the next hours want comes from the same hours of the last four weeks: how many banks left and came back
on average.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import db, first_id_of
from powerbank.content import app_config
from powerbank.crew.tasks.states import TaskKind
from powerbank.stations.messages.arrays import format_array

WEEKS = 4
LONGEST_LOOK_BACK = timedelta(hours=6)  # a rental that came back in an hour began at most so long before
MINUTE = timedelta(minutes=1)

# `rentals` are looked up by the time in their identifiers, so no index but that of the key is needed.
_DEMAND = """
    hours AS (
        SELECT * FROM unnest(CAST(:from_ids AS uuid[]), CAST(:hour_ids AS uuid[]), CAST(:until_ids AS uuid[]),
                             CAST(:back_ids AS uuid[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]))
                 AS hours (from_id, hour_id, until_id, back_id, begins, ends)),
    gone AS (
        SELECT rental.station_id, count(*) / :weeks AS leave,
               coalesce(sum(rental.price - rental.discount) FILTER (WHERE rental.id < hours.hour_id), 0) / :weeks
               AS fares
          FROM hours JOIN rentals AS rental ON rental.id >= hours.from_id AND rental.id < hours.until_id
         WHERE rental.started_at IS NOT NULL
           AND (CAST(:stations AS uuid[]) IS NULL OR rental.station_id = ANY(CAST(:stations AS uuid[])))
         GROUP BY rental.station_id),
    back AS (
        SELECT rental.return_station_id AS station_id, count(*) / :weeks AS arrive
          FROM hours JOIN rentals AS rental ON rental.id >= hours.back_id AND rental.id < hours.until_id
         WHERE rental.ended_at >= hours.begins AND rental.ended_at < hours.ends
           AND rental.return_station_id IS NOT NULL
           AND (CAST(:stations AS uuid[]) IS NULL OR rental.return_station_id = ANY(CAST(:stations AS uuid[])))
         GROUP BY rental.return_station_id)
"""
# What is good to rent out at a station, what it holds, what is broken, and how many banks it should have by then: what
# the next hours take away on balance, and a quarter of its slots besides, but never so many that nobody can return.
_STATE = """
    shelf AS (
        SELECT station_id, count(*) AS slots, count(bank_serial) AS banks,
               coalesce(array_agg(number ORDER BY number)
                        FILTER (WHERE works = 'faulty' OR held_because IS NOT NULL), '{}') AS broken
          FROM slots WHERE CAST(:stations AS uuid[]) IS NULL OR station_id = ANY(CAST(:stations AS uuid[]))
         GROUP BY station_id),
    state AS (
        SELECT live.station_id, live.online, live.last_seen, live.available_banks AS good, live.free_slots AS free,
               station.rent_enabled, station.return_enabled, shelf.slots, shelf.banks, shelf.broken,
               coalesce(gone.leave, 0) - coalesce(back.arrive, 0) AS ebb, coalesce(gone.fares, 0) AS fares,
               greatest(1, least(shelf.slots - (shelf.slots + 3) / 4,
                        ceil(greatest(coalesce(gone.leave, 0) - coalesce(back.arrive, 0), 0)) + (shelf.slots + 3) / 4))
               AS wanted
          FROM station_live AS live
          JOIN stations AS station ON station.id = live.station_id
          JOIN shelf ON shelf.station_id = live.station_id
          LEFT JOIN gone ON gone.station_id = live.station_id
          LEFT JOIN back ON back.station_id = live.station_id
         WHERE live.active AND NOT live.maintenance
           AND (CAST(:stations AS uuid[]) IS NULL OR live.station_id = ANY(CAST(:stations AS uuid[])))),
    flat AS (
        SELECT station_id, count(*) AS banks FROM rentable_banks
         WHERE charge < :low_battery
           AND (CAST(:stations AS uuid[]) IS NULL OR station_id = ANY(CAST(:stations AS uuid[])))
         GROUP BY station_id),
    bad AS (
        SELECT here.station_id, array_agg(bank.serial ORDER BY bank.serial) AS serials
          FROM power_banks AS bank
          JOIN custody AS here ON here.bank_id = bank.id AND upper_inf(here.period) AND here.place = 'slot'
         WHERE bank.id IN (SELECT id FROM power_banks WHERE health = 'faulty' UNION
                           SELECT id FROM power_banks WHERE quarantine_reason IS NOT NULL)
           AND (CAST(:stations AS uuid[]) IS NULL OR here.station_id = ANY(CAST(:stations AS uuid[])))
         GROUP BY here.station_id),
    missing AS (
        SELECT station_id, array_agg(serial ORDER BY serial) AS serials FROM discrepancies
         WHERE resolved_at IS NULL AND kind = 'bank_missing' AND station_id IS NOT NULL
           AND (CAST(:stations AS uuid[]) IS NULL OR station_id = ANY(CAST(:stations AS uuid[])))
         GROUP BY station_id),
    issue AS (
        SELECT DISTINCT station_id, CASE issue_type WHEN 'dirty' THEN 'clean' WHEN 'slot_stuck' THEN 'slot_fault'
                                    ELSE 'audit' END AS kind
          FROM station_issues
         WHERE resolved_at IS NULL AND issue_type <> 'offline'
           AND (CAST(:stations AS uuid[]) IS NULL OR station_id = ANY(CAST(:stations AS uuid[]))))
"""
_FOUND = """
    found AS (
        SELECT state.station_id, 'empty' AS kind,
               greatest(1, least(state.wanted - state.good, state.free + coalesce(flat.banks, 0)))  AS bring,
               greatest(0, least(state.wanted - state.good, state.free + coalesce(flat.banks, 0)) - state.free) AS take,
               '{}'::text[] AS serials, '{}'::smallint[] AS slots, 1.0 AS share
          FROM state LEFT JOIN flat ON flat.station_id = state.station_id
         WHERE state.online AND state.rent_enabled AND state.slots > 0
           AND (state.good = 0 OR (:ahead AND state.ebb >= state.good + 1 AND state.wanted > state.good))
         UNION ALL
        SELECT station_id, 'full', 0, greatest(1, banks - wanted), '{}', '{}', 1.0
          FROM state
         WHERE online AND return_enabled AND slots > 0 AND banks > 0
           AND (free = 0 OR (:ahead AND -ebb >= free + 1 AND banks > wanted))
         UNION ALL
        SELECT state.station_id, 'low_charge', flat.banks, flat.banks, '{}', '{}', flat.banks / state.slots::numeric
          FROM state JOIN flat ON flat.station_id = state.station_id
         WHERE state.online AND state.good > 0 AND flat.banks >= :low_banks AND :low_banks > 0
         UNION ALL
        SELECT station_id, 'offline', 0, 0, '{}', '{}', 1.0 FROM state
         WHERE NOT online AND last_seen IS NOT NULL AND last_seen <= :silent_since
         UNION ALL
        SELECT station_id, 'slot_fault', 0, 0, '{}', broken, cardinality(broken) / slots::numeric FROM state
         WHERE online AND cardinality(broken) > 0
         UNION ALL
        SELECT station_id, 'slot_fault', 0, 0, '{}', '{}', 0.1 FROM state
         WHERE cardinality(broken) = 0 AND EXISTS (SELECT FROM issue WHERE issue.station_id = state.station_id
                                                      AND issue.kind = 'slot_fault')
         UNION ALL
        SELECT state.station_id, 'bank_fault', 0, cardinality(bad.serials), bad.serials, '{}',
               cardinality(bad.serials) / state.slots::numeric
          FROM state JOIN bad ON bad.station_id = state.station_id WHERE state.slots > 0
         UNION ALL
        SELECT state.station_id, 'missing_bank', 0, 0, missing.serials, '{}',
               cardinality(missing.serials) / state.slots::numeric
          FROM state JOIN missing ON missing.station_id = state.station_id WHERE state.slots > 0
         UNION ALL
        SELECT state.station_id, issue.kind, 0, 0, '{}', '{}', 0.1
          FROM state JOIN issue ON issue.station_id = state.station_id AND issue.kind IN ('clean', 'audit'))
"""
WITH_CAUSES = "WITH " + ", ".join((_DEMAND, _STATE, _FOUND))
CAUSES = """
    SELECT found.station_id, found.kind, CAST(least(found.bring, 200) AS integer) AS bring,
           CAST(least(found.take, 200) AS integer) AS take, found.serials, found.slots,
           CAST(round(state.fares * least(found.share, 1)) AS bigint) AS loss
      FROM found JOIN state ON state.station_id = found.station_id
"""
_CAUSES = text(WITH_CAUSES + CAUSES)
_LOSS = text("WITH " + _DEMAND + " SELECT CAST(fares AS bigint) FROM gone")  # noqa: S608  # nosec B608 (our own)


@dataclass(frozen=True)
class Cause:
    """Why a station needs somebody, and for what."""

    station_id: UUID
    kind: TaskKind
    bring: int
    take: int
    serials: list[str]
    slots: list[int]
    loss: int


def find_causes(station_ids: Collection[UUID] | None, *, now: datetime) -> list[Cause]:
    """Find what is wrong at these stations, or at all of them."""
    rows = db.session.execute(_CAUSES, values_for(station_ids, now=now))
    return [
        Cause(row.station_id, TaskKind(row.kind), row.bring, row.take, list(row.serials), list(row.slots), row.loss)
        for row in rows
    ]


def find_loss(station_id: UUID, *, now: datetime) -> int:
    """Find what a station earns in such an hour, by the last four weeks."""
    found = db.session.scalar(_LOSS, values_for([station_id], now=now))
    return int(found or 0)


def values_for(station_ids: Collection[UUID] | None, *, now: datetime) -> dict[str, Any]:
    """Give the values of the query: the hours of the last weeks, and the limits that staff have set."""
    rules = app_config.current()
    ahead = timedelta(hours=max(rules.crew_ahead_hours, 1))
    begins = [now - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    return {
        "stations": None if station_ids is None else format_array(station_ids),
        "weeks": float(WEEKS),
        "from_ids": format_array(first_id_of(moment) for moment in begins),
        "hour_ids": format_array(first_id_of(moment + timedelta(hours=1)) for moment in begins),
        "until_ids": format_array(first_id_of(moment + ahead) for moment in begins),
        "back_ids": format_array(first_id_of(moment - LONGEST_LOOK_BACK) for moment in begins),
        "begins": format_array(begins),
        "ends": format_array(moment + ahead for moment in begins),
        "ahead": rules.crew_ahead_hours > 0,
        "low_battery": rules.low_battery_alert,
        "low_banks": rules.crew_low_charge_banks,
        "silent_since": now - rules.crew_offline_minutes * MINUTE,
    }
