"""The lots that an entry moves points in. `services.post_entry` calls this for every entry, so that no way of moving
points goes past it. The person's accounts are locked by then, and with them the person's lots.

Points are taken from the lot that expires first. Held ones leave through the hold that has them, and a refund puts
them back where the payment took them.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import new_id, open_session
from powerbank.content import app_config
from powerbank.ledger.accounts import AccountName, Kind

_NEW = text("""
    WITH lot AS (
        INSERT INTO points_lots (id, user_id, entry_id, amount, available, held, expires_at)
        VALUES (:id, :user_id, :entry_id, :points, :points, 0, now() + make_interval(days => :days)) RETURNING id)
    INSERT INTO points_moves (entry_id, lot_id, available, held) SELECT :entry_id, id, :points, 0 FROM lot
""")
_AVAILABLE = """
    SELECT id AS lot_id, available AS has,
           row_number() OVER (ORDER BY entry_id IS DISTINCT FROM :first, expires_at, id) AS place
      FROM points_lots WHERE user_id = :user_id AND available > 0
"""
_HELD = """
    SELECT l.id AS lot_id, sum(m.held) AS has, row_number() OVER (ORDER BY l.expires_at, l.id) AS place
      FROM points_moves m JOIN points_lots l ON l.id = m.lot_id
     WHERE (m.entry_id = :continued OR m.continued_entry_id = :continued) AND l.user_id = :user_id
     GROUP BY l.id HAVING sum(m.held) > 0
"""
# The points that came last go back first, so the person keeps those that last longest.
_PAID = """
    SELECT l.id AS lot_id, -sum(m.available + m.held) AS has,
           row_number() OVER (ORDER BY l.expires_at DESC, l.id DESC) AS place
      FROM points_moves m JOIN points_lots l ON l.id = m.lot_id
     WHERE (m.entry_id = :continued OR m.continued_entry_id = :continued) AND l.user_id = :user_id
     GROUP BY l.id HAVING sum(m.available + m.held) < 0
"""
_MOVE = """
    WITH source AS ({source}),
         sums AS (SELECT lot_id, has, sum(has) OVER (ORDER BY place) - has AS before FROM source),
         moved AS (SELECT lot_id, CAST(least(has, :points - before) AS bigint) AS points FROM sums
                    WHERE before < :points),
         changed AS (UPDATE points_lots l
                        SET available = l.available + :available * m.points, held = l.held + :held * m.points
                       FROM moved m WHERE l.id = m.lot_id),
         noted AS (INSERT INTO points_moves (entry_id, lot_id, available, held, continued_entry_id)
                   SELECT :entry_id, lot_id, :available * points, :held * points, :continued FROM moved)
    SELECT coalesce(sum(points), 0) FROM moved
"""
_MOVES = {kind: text(_MOVE.format(source=kind)) for kind in (_AVAILABLE, _HELD, _PAID)}


class LotsError(RuntimeError):
    """Points moved in a way that the lots cannot follow: a programmer's mistake, never a person's."""


def move_lots(
    entry_id: UUID,
    amounts: Mapping[AccountName, int],
    *,
    continues: UUID | None = None,
    first_award: UUID | None = None,
) -> None:
    """Move the points of an entry between the lots of their people.

    `continues` is the hold or the payment that the entry carries on. `first_award` is the award whose lot is taken from
    before the others.
    """
    people = {name.owner for name in amounts if name.kind in (Kind.USER_POINTS, Kind.USER_POINTS_HOLD)}
    for owner in sorted(people):
        available, held = (_sum_change(amounts, kind, owner) for kind in (Kind.USER_POINTS, Kind.USER_POINTS_HOLD))
        if available and held and available != -held:
            raise LotsError(f"entry {entry_id} moves {available} and {held} points at once")
        if available > 0 and not held and continues is None:
            _make_lot(entry_id, UUID(owner), available)
            continue
        source = _HELD if held < 0 else _AVAILABLE if available < 0 else _PAID
        points = max(abs(available), abs(held))
        parameters = {
            "entry_id": entry_id,
            "user_id": owner,
            "continued": continues,
            "first": first_award,
            "points": points,
            "available": available // points,
            "held": held // points,
        }
        moved = open_session().scalar(_MOVES[source], parameters)
        if moved != points:
            raise LotsError(f"entry {entry_id} moves {points} points, and lots had {moved}")


def _make_lot(entry_id: UUID, user_id: UUID, points: int) -> None:
    days = app_config.current().points_expiry_days
    parameters = {"id": new_id(), "user_id": user_id, "entry_id": entry_id, "points": points, "days": days}
    open_session().execute(_NEW, parameters)


def _sum_change(amounts: Mapping[AccountName, int], kind: Kind, owner: str) -> int:
    return sum(amount for name, amount in amounts.items() if name.kind is kind and name.owner == owner)
