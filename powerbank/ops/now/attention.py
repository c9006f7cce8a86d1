"""What waits for a person: one list over all domains, the oldest first.

Each source is one statement that reads an index of what is open, so that it costs what is open and not what there was.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from powerbank.base import money
from powerbank.base.db import db, first_id_of

MOST_COUNTED = 1000
SHOWN_OF_EACH = 10
SHOWN_OF_ONE = 100
DISPUTED_FOR = timedelta(days=14)  # a gateway waits about so long for what we say to a dispute


class Kind(StrEnum):
    CASE = "case"
    UNRESOLVED = "unresolved"
    IDENTITY = "identity"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    ACT = "act"
    GRANT = "grant"
    PAYMENT = "payment"
    CHARGEBACK = "chargeback"
    DISCREPANCY = "discrepancy"
    ISSUE = "issue"
    DEAD_LETTERS = "dead_letters"
    ALERT = "alert"


@dataclass(frozen=True)
class Source:
    permission: str
    # Answers what is open as id, since, about: the oldest first, at most `:most`.
    statement: str
    is_money: bool = False  # then `about` is an amount with its currency


@dataclass(frozen=True)
class Matter:
    """One thing that waits. `about` names it: the code of a rental, a station's name, an amount."""

    kind: Kind
    id: str
    since: datetime
    about: str


_ADJUSTMENT = "abs(amount)::text || ' ' || currency"
SOURCES = {
    Kind.CASE: Source(
        "rentals.read",
        """SELECT rental.id, each.reported_at, rental.code
             FROM rental_cases AS each JOIN rentals AS rental ON rental.id = each.rental_id
            WHERE each.status = 'open' ORDER BY each.id LIMIT :most""",
    ),
    Kind.UNRESOLVED: Source(
        "rentals.read",
        """SELECT id, created_at, code FROM rentals WHERE status = 'unresolved' ORDER BY created_at LIMIT :most""",
    ),
    Kind.IDENTITY: Source(
        "kyc.read",
        """SELECT each.submission_id, submission.submitted_at, ''
             FROM kyc_records AS each JOIN kyc_submissions AS submission ON submission.id = each.submission_id
            WHERE each.status = 'pending' ORDER BY each.submission_id LIMIT :most""",
    ),
    Kind.REFUND: Source(
        "refunds.read",
        """SELECT id, created_at, amount::text || ' NPR' FROM refunds
            WHERE status IN ('requested', 'manual') ORDER BY created_at LIMIT :most""",
        is_money=True,
    ),
    Kind.ADJUSTMENT: Source(
        "ledger.read",
        f"""SELECT id, created_at, {_ADJUSTMENT} FROM ledger_adjustments
             WHERE status = 'pending' ORDER BY id LIMIT :most""",  # noqa: S608  # nosec B608 (a constant)
        is_money=True,
    ),
    Kind.ACT: Source(
        "ledger.read",
        """SELECT id, created_at, worth::text || ' NPR' FROM staff_acts
            WHERE status = 'waiting' ORDER BY id LIMIT :most""",
        is_money=True,
    ),
    Kind.GRANT: Source(
        "ledger.read",
        """SELECT id, created_at, (points * total)::text || ' PTS' FROM points_grants
            WHERE status = 'pending' ORDER BY id LIMIT :most""",
        is_money=True,
    ),
    Kind.PAYMENT: Source(
        "payments.read",
        """SELECT id, created_at, amount::text || ' NPR' FROM payment_intents
            WHERE status = 'review' ORDER BY id LIMIT :most""",
        is_money=True,
    ),
    Kind.CHARGEBACK: Source(
        "payments.read",
        """SELECT id, created_at, amount::text || ' NPR' FROM chargebacks
            WHERE kind = 'dispute' AND state = 'taken' AND id >= :disputed_since ORDER BY id LIMIT :most""",
        is_money=True,
    ),
    Kind.DISCREPANCY: Source(
        "stations.read",
        """SELECT each.id, each.opened_at, coalesce(station.name, warehouse.name) || ' ' || each.serial
             FROM discrepancies AS each LEFT JOIN stations AS station ON station.id = each.station_id
             LEFT JOIN warehouses AS warehouse ON warehouse.id = each.warehouse_id
            WHERE each.resolved_at IS NULL ORDER BY each.opened_at LIMIT :most""",
    ),
    Kind.ISSUE: Source(
        "stations.read",
        """SELECT each.id, each.opened_at, station.name
             FROM station_issues AS each JOIN stations AS station ON station.id = each.station_id
            WHERE each.resolved_at IS NULL AND each.priority = 'critical' ORDER BY each.opened_at LIMIT :most""",
    ),
    Kind.DEAD_LETTERS: Source(
        "system.read",
        """SELECT job, min(finished_at) AS since, job || ' ' || count(*) FROM outbox_jobs
            WHERE state = 'dead' AND cause NOT IN ('discarded', 'missed') GROUP BY job ORDER BY since LIMIT :most""",
    ),
    Kind.ALERT: Source(
        "system.read",
        """SELECT key, raised_at, detail FROM ops_alerts
            WHERE cleared_at IS NULL AND kind <> 'dead_letters' ORDER BY raised_at LIMIT :most""",
    ),
}


def list_matters(kinds: Iterable[Kind], *, most: int, now: datetime) -> list[Matter]:
    """List what waits of these kinds, the oldest first, so many of each kind at most."""
    rows = _read("SELECT '{kind}', id::text, since, about FROM ({source}) AS open (id, since, about)", kinds, most, now)
    return sorted((_make_matter(*row) for row in rows), key=lambda matter: matter.since)


def count_matters(kinds: Iterable[Kind], *, now: datetime) -> dict[Kind, int]:
    """Count what waits, by kind; kinds of which nothing waits are left out. 1001 stands for more than 1000."""
    rows = _read("SELECT '{kind}', count(*) FROM ({source}) AS open", kinds, MOST_COUNTED + 1, now)
    return {Kind(kind): count for kind, count in rows if count}


def kinds_for(may: Callable[[str], bool]) -> list[Kind]:
    """List the kinds that a role may read."""
    return [kind for kind, source in SOURCES.items() if may(source.permission)]


def _read(select: str, kinds: Iterable[Kind], most: int, now: datetime) -> Sequence[Any]:
    """Ask all sources in one statement: there are many, and each round trip costs more than most of them."""
    parts = [select.format(kind=kind.value, source=SOURCES[kind].statement) for kind in kinds]
    if not parts:
        return []
    statement = " UNION ALL ".join(parts)
    values = {"most": most, "disputed_since": first_id_of(now, -DISPUTED_FOR)}
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    return db.session.execute(text(statement), used).all()


def _make_matter(kind: str, id_: str, since: datetime, about: str) -> Matter:
    source = SOURCES[Kind(kind)]
    if source.is_money:
        amount, currency = about.split()
        about = f"{currency} {money.format_in_currency(int(amount), currency)}"
    return Matter(Kind(kind), id_, since, about)
