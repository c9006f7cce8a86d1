"""What waits for a person: one list over all domains, the oldest first.

Each source is one statement that reads an index of what is open, so that it costs what is open and not what there was.
"""

from collections.abc import Callable, Iterable
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
        """SELECT each.id, each.opened_at, station.name || ' ' || each.serial
             FROM discrepancies AS each JOIN stations AS station ON station.id = each.station_id
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
    found = [matter for kind in kinds for matter in _read(kind, most=most, now=now)]
    return sorted(found, key=lambda matter: matter.since)


def count_matters(kinds: Iterable[Kind], *, now: datetime) -> dict[Kind, int]:
    """Count what waits, by kind; kinds of which nothing waits are left out. 1001 stands for more than 1000."""
    values = _values(MOST_COUNTED + 1, now)
    counts = {}
    for kind in kinds:
        statement = f"SELECT count(*) FROM ({SOURCES[kind].statement}) AS open"  # noqa: S608  # nosec B608 (constants)
        counts[kind] = db.session.scalar(text(statement), _used(statement, values)) or 0
    return {kind: count for kind, count in counts.items() if count}


def kinds_for(may: Callable[[str], bool]) -> list[Kind]:
    """List the kinds that a role may read."""
    return [kind for kind, source in SOURCES.items() if may(source.permission)]


def _read(kind: Kind, *, most: int, now: datetime) -> list[Matter]:
    statement = SOURCES[kind].statement
    rows = db.session.execute(text(statement), _used(statement, _values(most, now)))
    write = _write_amount if SOURCES[kind].is_money else str
    return [Matter(kind, str(id_), since, write(about)) for id_, since, about in rows]


def _write_amount(about: str) -> str:
    amount, currency = about.split()
    return f"{currency} {money.format_in_currency(int(amount), currency)}"


def _values(most: int, now: datetime) -> dict[str, Any]:
    return {"most": most, "disputed_since": first_id_of(now, -DISPUTED_FOR)}


def _used(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in statement}
