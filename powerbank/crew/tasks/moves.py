"""Count the banks that a member of the crew moved at a station, by the custody that the stations' own reports made."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import first_id_of, open_session
from powerbank.crew.members.queries import actor_of
from powerbank.stations.messages.arrays import format_text_array

# How far back the index is read. Identifiers are made by the clock of the process that writes them.
READ_BACK = timedelta(days=3)

# What was written since the claim counts, and what happened since then by the station's own time: a station that was
# offline tells late what happened, and the clocks of two programs differ.
# A bank that went both ways counts neither way: it was put back where it came from.
_MOVES = text("""
    WITH brought AS (
        SELECT stay.bank_id FROM custody AS stay
         WHERE stay.came_from = :holder AND stay.id >= :back AND stay.place = 'slot' AND stay.station_id = :station
           AND (stay.id >= :first OR lower(stay.period) >= :since)),
    taken AS (
        SELECT stay.bank_id FROM custody AS stay
         CROSS JOIN LATERAL (SELECT before.place, before.station_id FROM custody AS before
                              WHERE before.bank_id = stay.bank_id AND before.id < stay.id
                              ORDER BY before.id DESC LIMIT 1) AS before
         WHERE stay.holder = :holder AND stay.id >= :back AND stay.place = 'crew'
           AND (stay.id >= :first OR lower(stay.period) >= :since)
           AND before.place = 'slot' AND before.station_id = :station),
    one_way AS (
        (SELECT bank_id, true AS inwards FROM brought EXCEPT SELECT bank_id, true FROM taken)
         UNION ALL
        (SELECT bank_id, false FROM taken EXCEPT SELECT bank_id, false FROM brought))
    SELECT count(*) FILTER (WHERE inwards) AS brought, count(*) FILTER (WHERE NOT inwards) AS taken
      FROM one_way JOIN power_banks AS bank ON bank.id = one_way.bank_id
     WHERE CAST(:serials AS text[]) IS NULL OR bank.serial = ANY(CAST(:serials AS text[]))
""")


class Moves(NamedTuple):
    brought: int
    taken: int


def count_moves(member_id: UUID, station_id: UUID, *, since: datetime, serials: Sequence[str] | None) -> Moves:
    """Count what a member brought to a station and took from it since a moment, of these banks or of all."""
    row = (
        open_session()
        .execute(
            _MOVES,
            {
                "holder": actor_of(member_id),
                "station": station_id,
                "back": first_id_of(since - READ_BACK),
                "first": first_id_of(since),
                "since": since,
                "serials": None if serials is None else format_text_array(serials),
            },
        )
        .one()
    )
    return Moves(row.brought, row.taken)
