"""Make tasks of what is wrong at stations, keep their numbers right, and close those whose cause is gone.

One query finds the difference between causes and tasks, so a pass over a network at rest writes nothing. A pass that
runs twice, or beside another one, changes nothing twice: the database has one unfinished task of a station and kind.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import db, new_id, open_session
from powerbank.crew.tasks import settling
from powerbank.crew.tasks.history import note_events
from powerbank.crew.tasks.needs.causes import values_for, write_causes
from powerbank.live import changes
from powerbank.stations.messages.arrays import format_array, format_text_array

PLANNER = "crew-planner"
BATCH = 2000
# A loss that has changed by less than this is not worth a write: rupees an hour, in paisa.
WORTH_A_WRITE = 500

# What a member or another pass is just changing is passed over: the next pass comes soon.
# What is missing, what has other numbers than its task, and the tasks of rules that have no cause any more.
_DIFFERENCES = """,
    task AS (
        SELECT id, station_id, kind, status, source, bring, take, serials, slots, loss FROM crew_tasks
         WHERE status IN ('open', 'claimed', 'begun', 'to_verify')
           AND (CAST(:stations AS uuid[]) IS NULL OR station_id = ANY(CAST(:stations AS uuid[]))))
    SELECT task.id, task.status, coalesce(cause.station_id, task.station_id) AS station_id,
           coalesce(cause.kind, task.kind) AS kind, cause.bring, cause.take, cause.serials, cause.slots, cause.loss,
           cause.kind IS NOT NULL AS is_needed
      FROM cause FULL JOIN task ON task.station_id = cause.station_id AND task.kind = cause.kind
     WHERE task.id IS NULL
        OR (task.source = 'rule' AND cause.kind IS NULL AND task.status <> 'to_verify')
        OR (task.source = 'rule' AND task.status = 'open'
            AND ((task.bring, task.take, task.serials, task.slots)
                 IS DISTINCT FROM (cause.bring, cause.take, cause.serials, cause.slots)
                 OR abs(task.loss - cause.loss) >= :worth_a_write))
"""
_MAKE = text("""
    INSERT INTO crew_tasks (id, station_id, kind, source, bring, take, serials, slots, loss, rank, created_by,
                            created_at)
    SELECT id, station_id, kind, 'rule', bring, take, CAST(serials AS text[]), CAST(slots AS smallint[]), loss,
           loss - CAST(floor(extract(epoch FROM CAST(:now AS timestamptz))) AS bigint) / 36, :planner, :now
      FROM unnest(CAST(:ids AS uuid[]), CAST(:stations AS uuid[]), CAST(:kinds AS text[]), CAST(:brings AS smallint[]),
                  CAST(:takes AS smallint[]), CAST(:serials AS text[]), CAST(:slots AS text[]),
                  CAST(:losses AS bigint[]))
           AS made (id, station_id, kind, bring, take, serials, slots, loss)
        ON CONFLICT (station_id, kind) WHERE status IN ('open', 'claimed', 'begun', 'to_verify') DO NOTHING
    RETURNING id
""")
_CHANGE = text("""
    UPDATE crew_tasks AS task
       SET bring = made.bring, take = made.take, serials = CAST(made.serials AS text[]),
           slots = CAST(made.slots AS smallint[]), rank = task.rank - task.loss + made.loss, loss = made.loss
      FROM unnest(CAST(:ids AS uuid[]), CAST(:brings AS smallint[]), CAST(:takes AS smallint[]),
                  CAST(:serials AS text[]), CAST(:slots AS text[]), CAST(:losses AS bigint[]))
           AS made (id, bring, take, serials, slots, loss)
     WHERE task.id = made.id AND task.status = 'open'
       AND task.id IN (SELECT id FROM crew_tasks WHERE id = ANY(CAST(:ids AS uuid[])) FOR UPDATE SKIP LOCKED)
    RETURNING task.id
""")
_CLOSE = text("""
    UPDATE crew_tasks SET status = 'not_needed', closed_at = :now, closed_by = :planner
     WHERE status = 'open'
       AND id IN (SELECT id FROM crew_tasks WHERE id = ANY(CAST(:ids AS uuid[])) FOR UPDATE SKIP LOCKED)
    RETURNING id
""")


@dataclass(frozen=True)
class Plan:
    """What a pass changes: tasks to make, tasks with other numbers, tasks without a cause, stations to look at."""

    made: Sequence[Any]
    changed: Sequence[Any]
    closed: Sequence[UUID]
    held: Sequence[UUID]


def find_plan(station_ids: Collection[UUID] | None, *, now: datetime) -> Plan:
    """Find what a pass would change now, and change nothing."""
    values = values_for(station_ids, now=now) | {"worth_a_write": WORTH_A_WRITE}
    rows = db.session.execute(text(write_causes(_DIFFERENCES)), values).all()
    return Plan(
        made=[row for row in rows if row.id is None],
        changed=[row for row in rows if row.id is not None and row.is_needed],
        closed=[row.id for row in rows if not row.is_needed and row.status == "open"],
        held=sorted({row.station_id for row in rows if not row.is_needed and row.status != "open"}),
    )


def plan_tasks(station_ids: Collection[UUID] | None = None, *, now: datetime) -> dict[str, int]:
    """Bring the tasks of these stations, or of all of them, in line with what is wrong there."""
    plan = find_plan(station_ids, now=now)
    done = {
        "made": sum(_make(plan.made[start : start + BATCH], now=now) for start in range(0, len(plan.made), BATCH)),
        "changed": sum(_change(plan.changed[start : start + BATCH]) for start in range(0, len(plan.changed), BATCH)),
        "closed": _close(plan.closed, now=now),
    }
    # What somebody has in hand is settled one by one: it may be done rather than not needed.
    for station_id in plan.held:
        settling.settle_station(station_id, now=now)
    return done


def _make(rows: Sequence[Any], *, now: datetime) -> int:
    made = (
        open_session()
        .scalars(
            _MAKE,
            _columns(rows)
            | {
                "ids": format_array(new_id() for _ in rows),
                "stations": format_array(row.station_id for row in rows),
                "kinds": format_text_array(row.kind for row in rows),
                "now": now,
                "planner": PLANNER,
            },
        )
        .all()
    )
    note_events(made, "made", by=PLANNER, now=now)
    return len(made)


def _change(rows: Sequence[Any]) -> int:
    changed = open_session().scalars(_CHANGE, _columns(rows) | {"ids": format_array(row.id for row in rows)}).all()
    changes.announce("tasks", kind="task", id=None)
    return len(changed)


def _close(ids: Sequence[UUID], *, now: datetime) -> int:
    if not ids:
        return 0
    closed = open_session().scalars(_CLOSE, {"ids": format_array(ids), "now": now, "planner": PLANNER}).all()
    note_events(closed, "not_needed", by=PLANNER, now=now)
    return len(closed)


def _columns(rows: Sequence[Any]) -> dict[str, str]:
    return {
        "brings": format_array(row.bring for row in rows),
        "takes": format_array(row.take for row in rows),
        "serials": format_text_array(format_text_array(row.serials) for row in rows),
        "slots": format_text_array(format_array(row.slots) for row in rows),
        "losses": format_array(row.loss for row in rows),
    }
