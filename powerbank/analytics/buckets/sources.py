"""What figures are summed up from: statements that give one row for each thing that happened in a part of time.

Each row has its time `at`, its station and its package, where it has them. Rows of the log and of the ledger are never
changed, so the same part of time gives the same figures whenever it is read. `:since` and `:until` are its ends, and
`:first` and `:last` identifiers that lie some minutes before and after them, by which the tables are read in order.
"""

from dataclasses import dataclass
from enum import StrEnum

from powerbank.analytics.models import NONE
from powerbank.base.clock import HOME


class Source(StrEnum):
    MOVES = "moves"
    RETURNS = "returns"
    REVENUE = "revenue"
    BOOKS = "books"
    REFUSALS = "refusals"
    STATUS = "status"
    STOCK = "stock"
    PAGE_OPENS = "page_opens"
    SIGN_UPS = "sign_ups"
    IDENTITIES = "identities"
    ISSUES = "issues"
    TASKS = "tasks"


@dataclass(frozen=True)
class Statement:
    rows: str
    has_station: bool = True
    has_package: bool = False
    # Its rows are deleted after three months. What was summed up from them by then stays as it is.
    is_pruned: bool = False


_LOG = "event.at >= :since AND event.at < :until"
_IDS = "{0}.id >= :first AND {0}.id < :last AND {0}.created_at >= :since AND {0}.created_at < :until"

# The hours in which a station was in a state, each with the seconds of it in which the station was open. `changes` are
# the states that began within the time, and the one in which each station was at its beginning.
_STATES = f"""
    SELECT hour AS at, span.*,
           open_seconds(station.opening_hours, station.timezone, greatest(span.began, hour),
                        least(span.ended, hour + interval '1 hour')) AS seconds
      FROM (SELECT *, lead(began, 1, least(CAST(:until AS timestamptz), now()))
                          OVER (PARTITION BY station_id ORDER BY began) AS ended
              FROM (SELECT station_id, at AS began, {{columns}} FROM {{table}} WHERE at > :since AND at < :until
                     UNION ALL
                    SELECT station.id, CAST(:since AS timestamptz), before.*
                      FROM stations AS station
                     CROSS JOIN LATERAL (SELECT {{columns}} FROM {{table}}
                                          WHERE station_id = station.id AND at <= :since
                                          ORDER BY at DESC LIMIT 1) AS before) AS changes) AS span
      JOIN stations AS station ON station.id = span.station_id AND station.active
     CROSS JOIN LATERAL generate_series(date_trunc('hour', span.began, '{HOME.key}'),
                                        span.ended - interval '1 microsecond', interval '1 hour') AS hour
     WHERE {{matters}}"""  # noqa: S608  # nosec B608 (constants)

# The rental that an entry of the ledger is about. A refund is about the payment that it gives back.
_RENTAL_OF_ENTRY = """
      LEFT JOIN wallet_transactions AS paid
             ON paid.id = CASE WHEN entry.reference_kind = 'transaction' AND entry.reference_id ~ '^[0-9a-f-]{36}$'
                               THEN CAST(entry.reference_id AS uuid) END
     CROSS JOIN LATERAL (
           SELECT CASE 'rental' WHEN entry.reference_kind THEN entry.reference_id
                                WHEN paid.reference_kind THEN paid.reference_id END AS id) AS named
      LEFT JOIN rentals AS rental
             ON rental.id = CASE WHEN named.id ~ '^[0-9a-f-]{36}$' THEN CAST(named.id AS uuid) END"""

STATEMENTS = {
    Source.MOVES: Statement(
        f"""SELECT event.at, rental.station_id, rental.package_id, event.event, event.from_status, event.to_status,
                  rental.was_overdue, rental.created_at, rental.started_at, rental.ended_at
             FROM rental_events AS event JOIN rentals AS rental ON rental.id = event.rental_id
            WHERE {_LOG} AND (event.to_status IS NOT NULL OR event.event IN ('eject_refused', 'eject_unanswered'))""",  # noqa: S608  # nosec B608
        has_package=True,
    ),
    Source.RETURNS: Statement(
        f"""SELECT event.at, coalesce(rental.return_station_id, rental.station_id) AS station_id, rental.package_id,
                  event.from_status, event.to_status, rental.station_id AS taken_at, rental.return_station_id
             FROM rental_events AS event JOIN rentals AS rental ON rental.id = event.rental_id
            WHERE {_LOG} AND 'completed' IN (event.from_status, event.to_status)""",  # noqa: S608  # nosec B608
        has_package=True,
    ),
    Source.REVENUE: Statement(
        f"""SELECT entry.created_at AS at, coalesce(rental.station_id, '{NONE}') AS station_id,
                  coalesce(rental.package_id, '{NONE}') AS package_id, account.kind, posting.amount
             FROM ledger_entries AS entry
             JOIN ledger_postings AS posting ON posting.entry_id = entry.id
             JOIN ledger_accounts AS account ON account.id = posting.account_id AND account.owner = ''
                  AND account.kind IN ('rental_revenue', 'overdue_revenue', 'sales_revenue')
             {_RENTAL_OF_ENTRY}
            WHERE {_IDS.format("entry")}""",  # noqa: S608  # nosec B608
        has_package=True,
    ),
    Source.BOOKS: Statement(
        f"""SELECT entry.created_at AS at, account.kind, entry.kind AS entry_kind, posting.amount
             FROM ledger_entries AS entry
             JOIN ledger_postings AS posting ON posting.entry_id = entry.id
             JOIN ledger_accounts AS account ON account.id = posting.account_id
                  AND account.kind IN ('partner_expense', 'crew_expense', 'withheld_tax', 'promotion_expense',
                                       'write_offs', 'gateway_clearing')
            WHERE {_IDS.format("entry")} AND posting.currency = 'NPR'
              AND (account.kind <> 'gateway_clearing' OR entry.kind = 'topup')
              AND (account.kind <> 'write_offs' OR entry.kind = 'due_waived')""",  # noqa: S608  # nosec B608
        has_station=False,
    ),
    Source.REFUSALS: Statement(
        f"""SELECT refused.at, coalesce(station.id, '{NONE}') AS station_id, refused.reason, refused.value
             FROM refused_starts AS refused LEFT JOIN stations AS station ON station.sn = refused.station_sn
            WHERE refused.id >= :first AND refused.id < :last AND refused.at >= :since AND refused.at < :until""",  # noqa: S608  # nosec B608
        is_pruned=True,
    ),
    Source.STATUS: Statement(
        _STATES.format(columns="status", table="station_status_changes", matters="span.status <> 'online'"),
        is_pruned=True,
    ),
    Source.STOCK: Statement(
        _STATES.format(
            columns="is_empty, is_full", table="station_stock_changes", matters="(span.is_empty OR span.is_full)"
        ),
        is_pruned=True,
    ),
    Source.PAGE_OPENS: Statement(
        "SELECT hour AS at, station_id, opens FROM station_page_opens WHERE hour >= :since AND hour < :until",
        is_pruned=True,
    ),
    Source.SIGN_UPS: Statement(
        f"SELECT person.created_at AS at FROM users AS person WHERE {_IDS.format('person')}",  # noqa: S608  # nosec B608
        has_station=False,
    ),
    # An identity is decided some weeks after it was sent in, at most.
    Source.IDENTITIES: Statement(
        """SELECT sent.decided_at AS at FROM kyc_submissions AS sent
            WHERE sent.id >= :long_before AND sent.id < :last AND sent.decision = 'approved'
              AND sent.decided_at >= :since AND sent.decided_at < :until""",
        has_station=False,
    ),
    Source.ISSUES: Statement(
        """SELECT issue.opened_at AS at, issue.station_id, issue.priority FROM station_issues AS issue
            WHERE issue.id >= :first AND issue.id < :last AND issue.opened_at >= :since AND issue.opened_at < :until""",
    ),
    # A task that is over is not changed any more.
    Source.TASKS: Statement(
        """SELECT task.closed_at AS at, task.station_id, task.status, task.brought, task.taken,
                  CAST(extract(epoch FROM task.closed_at - task.created_at) AS bigint) AS seconds
             FROM crew_tasks AS task WHERE task.closed_at >= :since AND task.closed_at < :until""",
    ),
}
