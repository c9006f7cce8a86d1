"""Make what is no sum of hours: people who were active, the ways between stations, gateways, the fleet.

Each table is made again for a whole day, from the rows of what happened, so it may be done as often as one likes.
"""

from datetime import date, datetime

from sqlalchemy import TextClause, text

from powerbank.analytics.buckets.days import DAY, NEAR, WEEK, day_begins
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import first_id_of, open_session
from powerbank.content import app_config

ACTIVE_WITHIN = 30  # days in which a person who rents counts as active

_GATEWAYS = (
    text("DELETE FROM figure_gateway_days WHERE day = :day"),
    text("""
        INSERT INTO figure_gateway_days (day, gateway, succeeded, failed, amount)
        SELECT :day, gateway, count(*) FILTER (WHERE status = 'success'),
               count(*) FILTER (WHERE status IN ('failed', 'expired', 'cancelled')),
               coalesce(sum(amount) FILTER (WHERE status = 'success'), 0)
          FROM payment_intents
         WHERE id >= :first AND id < :last AND created_at >= :since AND created_at < :until GROUP BY gateway
    """),
)
_RETURNS = (
    text("DELETE FROM figure_return_days WHERE day = :day"),
    text("""
        INSERT INTO figure_return_days (day, station_id, return_station_id, returns)
        SELECT :day, station_id, return_station_id, count(*)
          FROM rental_events AS event JOIN rentals AS rental ON rental.id = event.rental_id
         WHERE event.at >= :since AND event.at < :until AND event.to_status = 'completed'
           AND rental.return_station_id IS NOT NULL
         GROUP BY station_id, return_station_id
    """),
)
_PEOPLE = (
    text("DELETE FROM figure_people_days WHERE day = :day"),
    text("""
        INSERT INTO figure_people_days (day, active, active_7_days, active_30_days, active_30_days_before, gone)
        SELECT :day, count(*) FILTER (WHERE newest >= :since), count(*) FILTER (WHERE newest >= :week),
               count(*) FILTER (WHERE newest >= :month), count(*) FILTER (WHERE oldest < :month),
               count(*) FILTER (WHERE newest < :month)
          FROM (SELECT user_id, max(created_at) AS newest, min(created_at) AS oldest FROM rentals
                 WHERE id >= :first AND id < :last AND created_at >= :months AND created_at < :until
                   AND started_at IS NOT NULL
                 GROUP BY user_id) AS person
    """),
)
_FLEET = (
    text("DELETE FROM figure_fleet_days WHERE day = :day"),
    text("""
        INSERT INTO figure_fleet_days (
               day, banks, banks_in_slots, banks_rented, banks_with_crew, banks_in_warehouses, banks_quarantined,
               banks_lost, banks_faulty, bank_cycles, banks_low, stations, stations_away)
        SELECT :day, count(*), count(*) FILTER (WHERE place = 'slot'), count(*) FILTER (WHERE place = 'user'),
               count(*) FILTER (WHERE place = 'crew'), count(*) FILTER (WHERE place = 'warehouse'),
               count(*) FILTER (WHERE place = 'quarantined' OR quarantine_reason IS NOT NULL),
               count(*) FILTER (WHERE place = 'lost'), count(*) FILTER (WHERE health = 'faulty'),
               coalesce(sum(cycles), 0),
               (SELECT count(*) FROM slots WHERE bank_serial IS NOT NULL AND charge < :enough),
               (SELECT count(*) FROM station_live WHERE active),
               (SELECT count(*) FROM station_live WHERE active AND NOT online AND NOT maintenance)
          FROM power_banks AS bank LEFT JOIN custody ON custody.bank_id = bank.id AND upper_inf(custody.period)
    """),
)
_BALANCES = (
    text("DELETE FROM figure_balance_days WHERE day = :day"),
    text("""
        INSERT INTO figure_balance_days (day, wallet_float, held, dues_open)
        SELECT :day, coalesce(sum(balance) FILTER (WHERE kind = 'user_wallet'), 0),
               coalesce(sum(balance) FILTER (WHERE kind = 'user_hold'), 0),
               coalesce(-sum(balance) FILTER (WHERE kind = 'dues_receivable'), 0)
          FROM ledger_accounts
         WHERE currency = 'NPR' AND balance <> 0 AND kind IN ('user_wallet', 'user_hold', 'dues_receivable')
    """),
)
_FUNNEL = (
    text("DELETE FROM figure_funnel_days WHERE day >= :day AND day < :after"),
    text("""
        INSERT INTO figure_funnel_days (day, origin, signed_up, verified, topped_up, rented, rented_again)
        SELECT day, origin, count(*), count(*) FILTER (WHERE verified), count(*) FILTER (WHERE topped_up),
               count(*) FILTER (WHERE rentals > 0), count(*) FILTER (WHERE rentals > 1)
          FROM (SELECT CAST(timezone(:home, person.created_at) AS date) AS day,
                       person.kyc_status = 'approved' AS verified,
                       EXISTS (SELECT FROM payment_intents
                                WHERE user_id = person.id AND status = 'success') AS topped_up,
                       (SELECT count(*) FROM (SELECT FROM rentals WHERE user_id = person.id
                                                 AND started_at IS NOT NULL LIMIT 2) AS two) AS rentals,
                       CASE WHEN EXISTS (SELECT FROM referrals
                                          WHERE invitee_id = person.id AND status <> 'rejected') THEN 'referred'
                            WHEN EXISTS (SELECT FROM coupon_redemptions
                                          WHERE status = 'used' AND rental_id = (
                                                SELECT id FROM rentals WHERE user_id = person.id
                                                   AND started_at IS NOT NULL ORDER BY id LIMIT 1)) THEN 'coupon'
                            ELSE 'other' END AS origin
                  FROM users AS person
                 WHERE person.id >= :first AND person.id < :last
                   AND person.created_at >= :since AND person.created_at < :until) AS people
         GROUP BY day, origin
    """),
)
_COHORTS = (
    text("DELETE FROM figure_cohort_weeks WHERE week = :day"),
    text("""
        INSERT INTO figure_cohort_weeks (cohort, week, people, rentals)
        SELECT CAST(date_trunc('week', timezone(:home, person.created_at)) AS date) AS cohort, :day,
               count(DISTINCT person.id), count(*)
          FROM rentals AS rental JOIN users AS person ON person.id = rental.user_id
         WHERE rental.id >= :first AND rental.id < :last AND rental.created_at >= :since AND rental.created_at < :until
           AND rental.started_at IS NOT NULL
         GROUP BY cohort
    """),
)


def make_day_tables(day: date) -> None:
    """Make what happened on one day."""
    _make(_GATEWAYS, day, day + DAY)
    _make(_RETURNS, day, day + DAY)


def count_active_people(day: date) -> None:
    session, until = open_session(), day_begins(day + DAY)
    months = until - 2 * ACTIVE_WITHIN * DAY
    values = {
        "day": day,
        "since": until - DAY,
        "week": until - WEEK,
        "month": until - ACTIVE_WITHIN * DAY,
        "months": months,
        "until": until,
        "first": first_id_of(months, -NEAR),
        "last": first_id_of(until, NEAR),
    }
    delete, insert = _PEOPLE
    session.execute(delete, {"day": day})
    session.execute(insert, values)


def count_fleet(now: datetime) -> None:
    """Count the power banks of this moment for today."""
    session, day = open_session(), local_day(now)
    delete, insert = _FLEET
    session.execute(delete, {"day": day})
    session.execute(insert, {"day": day, "enough": app_config.current().min_eject_battery})


def count_balances(now: datetime) -> None:
    """Add up what people have in their wallets, what is held of it, and what they owe, at this moment for today."""
    session, day = open_session(), local_day(now)
    for statement in _BALANCES:
        session.execute(statement, {"day": day})


def make_funnel(first: date, after: date) -> None:
    """Count how far the people came who signed up on these days."""
    _make(_FUNNEL, first, after, home=HOME.key)


def make_cohorts(week: date) -> None:
    """Count what the people of each week of sign-ups did in this week, which begins on a Monday."""
    _make(_COHORTS, week, week + WEEK, home=HOME.key)


def _make(statements: tuple[TextClause, TextClause], first: date, after: date, **more: object) -> None:
    session, since, until = open_session(), day_begins(first), day_begins(after)
    values = {"day": first, "after": after, "since": since, "until": until, **more}
    values |= {"first": first_id_of(since, -NEAR), "last": first_id_of(until, NEAR)}
    for statement in statements:
        used = {name: value for name, value in values.items() if f":{name}" in statement.text}
        session.execute(statement, used)
