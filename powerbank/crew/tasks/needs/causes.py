"""Find what is wrong at stations, and what the next hours want of them, in one pass over live state.

A row says what a task would be about: its kind, how many banks to bring and to take, and what is lost an hour
meanwhile. What the next hours want is the matter of `demand.py`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import db
from powerbank.content import app_config
from powerbank.crew.tasks.needs import demand
from powerbank.crew.tasks.states import TaskKind

MINUTE = timedelta(minutes=1)

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
               coalesce(wish.leave - wish.arrive, 0) AS ebb, coalesce(wish.fares, 0) AS fares,
               greatest(1, least(shelf.slots - (shelf.slots + 3) / 4,
                        ceil(greatest(coalesce(wish.leave - wish.arrive, 0), 0)) + (shelf.slots + 3) / 4))
               AS wanted
          FROM station_live AS live
          JOIN stations AS station ON station.id = live.station_id
          JOIN shelf ON shelf.station_id = live.station_id
          LEFT JOIN wish ON wish.station_id = live.station_id
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
_CAUSES = """
    SELECT found.station_id, found.kind, CAST(least(found.bring, 200) AS integer) AS bring,
           CAST(least(found.take, 200) AS integer) AS take, found.serials, found.slots,
           CAST(round(state.fares * least(found.share, 1)) AS bigint) AS loss
      FROM found JOIN state ON state.station_id = found.station_id
"""


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
    rows = db.session.execute(text(write_causes("SELECT * FROM cause")), values_for(station_ids, now=now))
    return [
        Cause(row.station_id, TaskKind(row.kind), row.bring, row.take, list(row.serials), list(row.slots), row.loss)
        for row in rows
    ]


def find_loss(station_id: UUID, *, now: datetime) -> int:
    """Find what a station is expected to earn in the next hour."""
    loss = "WITH " + demand.write_demand() + " SELECT CAST(fares AS bigint) FROM wish"  # noqa: S608  # nosec B608 (our own)
    found = db.session.scalar(text(loss), demand.values_for([station_id], now=now))
    return int(found or 0)


def write_causes(query: str) -> str:
    """Write a query that may read `cause`: what is wrong at each station."""
    return f"WITH {demand.write_demand()}, {_STATE}, {_FOUND}, cause AS ({_CAUSES}) {query}"  # nosec B608 (our own)


def values_for(station_ids: Collection[UUID] | None, *, now: datetime) -> dict[str, Any]:
    """Give the values of the query: those of the next hours, and the limits that staff have set."""
    rules = app_config.current()
    return demand.values_for(station_ids, now=now) | {
        "ahead": rules.crew_ahead_hours > 0,
        "low_battery": rules.low_battery_alert,
        "low_banks": rules.crew_low_charge_banks,
        "silent_since": now - rules.crew_offline_minutes * MINUTE,
    }
