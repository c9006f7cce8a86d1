"""Show what the rules would make now, for staff who change them."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from powerbank.base.db import db
from powerbank.crew.tasks.planning import find_plan
from powerbank.stations.models import Station

MOST_SHOWN = 200


def preview_plan(*, now: datetime) -> dict[str, Any]:
    """Find what a pass would do now, with the tasks that are worth most first. Nothing is changed."""
    plan = find_plan(None, now=now)
    worth = sorted(plan.made, key=lambda row: -row.loss)[:MOST_SHOWN]
    numbers = dict(
        db.session.execute(
            select(Station.id, Station.sn).where(Station.id.in_([row.station_id for row in worth]))
        ).all()
    )
    return {
        "made": len(plan.made),
        "changed": len(plan.changed),
        "closed": len(plan.closed),
        "items": [
            {
                "station_sn": numbers[row.station_id],
                "kind": row.kind,
                "wants": {name: number for name, number in (("bring", row.bring), ("take", row.take)) if number},
                "loss_per_hour": row.loss,
            }
            for row in worth
        ],
    }
