"""What happened last in the network, over all domains: the newest rows of each kind, read by the primary key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text

from powerbank.base import money
from powerbank.base.db import db

SHOWN = 30
LOOKED_AT = 300  # of the newest rows, in which those that are shown are searched


class Happening(StrEnum):
    STARTED = "started"
    RETURNED = "returned"
    OVERDUE = "overdue"
    LOST = "lost"
    FAILED = "failed"
    REFUSED = "refused"
    TOPPED_UP = "topped_up"
    CASE_OPENED = "case_opened"
    ISSUE_REPORTED = "issue_reported"


_PLACES = {
    Happening.REFUSED: "stations",
    Happening.ISSUE_REPORTED: "stations",
    Happening.TOPPED_UP: "money/top-ups",
}


@dataclass(frozen=True)
class News:
    what: Happening
    at: datetime
    about: str  # the code of a rental, an amount, the code of a refusal
    place: str  # the station's name, where there is one
    id: str  # of the rental or the payment; the number of the station

    @property
    def address(self) -> str:
        return f"/console/{_PLACES.get(self.what, 'rentals')}/{self.id}"


_RENTALS = text("""
    SELECT CASE each.event WHEN 'ejected' THEN 'started' WHEN 'no_answer' THEN 'failed' ELSE each.event END,
           each.at, rental.code, station.name, rental.id
      FROM (SELECT * FROM rental_events ORDER BY id DESC LIMIT :looked_at) AS each
      JOIN rentals AS rental ON rental.id = each.rental_id
      JOIN stations AS station
        ON station.id = CASE WHEN each.event = 'returned' THEN coalesce(rental.return_station_id, rental.station_id)
                             ELSE rental.station_id END
     WHERE each.event IN ('ejected', 'returned', 'overdue', 'lost', 'failed', 'no_answer')
     ORDER BY each.id DESC LIMIT :shown
""")
_REFUSED = text("""
    SELECT 'refused', each.at, each.reason, coalesce(station.name, each.station_sn), each.station_sn
      FROM (SELECT * FROM refused_starts ORDER BY id DESC LIMIT :shown) AS each
      LEFT JOIN stations AS station ON station.sn = each.station_sn
""")
_TOPUPS = text("""
    SELECT 'topped_up', settled_at, amount::text, '', id
      FROM (SELECT * FROM payment_intents ORDER BY id DESC LIMIT :looked_at) AS each
     WHERE status = 'success' ORDER BY id DESC LIMIT :shown
""")
_CASES = text("""
    SELECT 'case_opened', each.reported_at, rental.code, station.name, rental.id
      FROM (SELECT * FROM rental_cases ORDER BY id DESC LIMIT :shown) AS each
      JOIN rentals AS rental ON rental.id = each.rental_id JOIN stations AS station ON station.id = rental.station_id
""")
_ISSUES = text("""
    SELECT 'issue_reported', each.opened_at, '', station.name, station.sn
      FROM (SELECT * FROM station_issues ORDER BY id DESC LIMIT :shown) AS each
      JOIN stations AS station ON station.id = each.station_id
""")
_OF_PERMISSION = {
    "rentals.read": (_RENTALS, _REFUSED, _CASES),
    "payments.read": (_TOPUPS,),
    "stations.read": (_ISSUES,),
}


def list_news(may: Callable[[str], bool]) -> list[News]:
    """List what happened last and a role may read, the newest first."""
    found = []
    for permission, statements in _OF_PERMISSION.items():
        if not may(permission):
            continue
        for statement in statements:
            values = {"shown": SHOWN, "looked_at": LOOKED_AT}
            used = {name: value for name, value in values.items() if f":{name}" in statement.text}
            rows = db.session.execute(statement, used)
            found += [_make_news(*row) for row in rows]
    return sorted(found, key=lambda each: each.at, reverse=True)[:SHOWN]


def _make_news(what: str, at: datetime, about: str, place: str, id_: object) -> News:
    happening = Happening(what)
    if happening is Happening.TOPPED_UP:
        about = f"{money.NPR} {money.format_amount(int(about))}"
    return News(happening, at, about, place, str(id_))
