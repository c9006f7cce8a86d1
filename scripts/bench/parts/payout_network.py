"""Partners with agreements, accounts to be paid to, and a day's accruals, written past the triggers."""

from scripts.bench.shared.servers import Ground

PERSON = "00000000-0000-7000-8000-000000000001"
NETWORK = (
    "SET session_replication_role = replica",
    """INSERT INTO users (id, username, first_name, last_name, date_of_birth, address, city, referral_code, kyc_status)
        VALUES ('{person}', 'sita', 'Sita', 'Sharma', '1990-01-01', 'Thamel', 'Kathmandu', 'C1', 'approved')
        ON CONFLICT DO NOTHING""",
    """INSERT INTO packages (id, name, duration_minutes, price, payment_model)
       SELECT uuidv7(), '1 hour', 60, 4000, 'prepaid' WHERE NOT EXISTS (SELECT FROM packages)""",
    "INSERT INTO power_banks (id, serial) SELECT uuidv7(), 'P1' WHERE NOT EXISTS (SELECT FROM power_banks)",
    """CREATE TEMP TABLE made AS
       SELECT n, uuidv7() AS partner, uuidv7() AS station, uuidv7() AS agreement, uuidv7() AS account
         FROM generate_series(1, {partners}) n""",
    """INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, search_vector, partner_id)
       SELECT station, 'V' || n, 'J' || n, 'Venue ' || n, 'Road ' || n, 'Kathmandu', 27.7, 85.3, 'json-v1',
              to_tsvector('simple', 'venue'), partner FROM made""",
    """INSERT INTO station_live (station_id, sn, name, lat, lng, active, maintenance, timezone, available_banks,
                                 free_slots, online, last_seen)
       SELECT id, sn, name, lat, lng, true, false, timezone, 4, 2, true, now() FROM stations WHERE sn LIKE 'V%'""",
    "INSERT INTO partners (id, name, kind) SELECT partner, 'Venue ' || n, 'venue' FROM made",
    """INSERT INTO partner_agreements (id, partner_id, starts_on, terms, vat_percent, withheld_percent, made_by)
       SELECT agreement, partner, current_date - 30, '{{"kind": "share", "percent": "80.00"}}', 0, 1500, 'bench'
         FROM made""",
    """INSERT INTO partner_agreement_stations (agreement_id, station_id, starts_on, last_day)
       SELECT agreement, station, current_date - 30, '9999-12-31' FROM made""",
    """INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
       SELECT account, 'partner_payable', partner::text, 'NPR', 'credit', false FROM made""",
    """INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
       VALUES (uuidv7(), 'partner_expense', '', 'NPR', 'debit', false),
              (uuidv7(), 'withheld_tax', '', 'NPR', 'credit', false) ON CONFLICT DO NOTHING""",
    """INSERT INTO payout_accounts (id, payee_kind, payee_id, kind, provider, name, status, requested_by, decided_by,
                                    decided_at, checked_at, usable_from)
       SELECT uuidv7(), 'partner', partner, 'by_hand', 'by_hand', 'Venue ' || n, 'confirmed', 'one', 'two', now(),
              now(), now() - interval '1 day' FROM made""",
)
# Each accrual has the entry of its share with three postings, as the day itself writes them: 100 rupees, of which
# 80 are the venue's and 12 are withheld.
ACCRUALS = (
    """CREATE TEMP TABLE share AS
       SELECT uuidv7() AS id, uuidv7() AS moved, uuidv7() AS rental, i, made.*
         FROM generate_series(0, {accruals} - 1) i JOIN made ON made.n = i % {partners} + 1 ORDER BY i""",
    """INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
              payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
              cancel_window_minutes, lost_after_days, points_per_npr, started_at, due_at, ended_at, settled_at,
              bank_id, slot_number)
       SELECT share.rental, 'B' || lpad(i::text, 9, '0'), '{person}', share.station, package.id, 'completed',
              'wallet_only', '1 hour', 'prepaid', 60, 10000, 0, 500, 0, 300000, 5, 7, 10, now(), now(), now(), now(),
              bank.id, 1
         FROM share, (SELECT id FROM packages LIMIT 1) package, (SELECT id FROM power_banks LIMIT 1) bank""",
    """INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor)
       SELECT id, 'share', 'share:' || moved, 'rental', rental::text, 'partners' FROM share""",
    """INSERT INTO ledger_postings (entry_id, account_id, currency, amount)
       SELECT share.id, line.account_id, 'NPR', line.amount FROM share
        CROSS JOIN (SELECT (SELECT id FROM ledger_accounts WHERE kind = 'partner_expense') AS expense,
                           (SELECT id FROM ledger_accounts WHERE kind = 'withheld_tax') AS tax) AS own
        CROSS JOIN LATERAL (VALUES (own.expense, -8000), (own.tax, 1200), (share.account, 6800))
                           AS line (account_id, amount)""",
    """INSERT INTO partner_accruals (id, partner_id, agreement_id, part, kind, entry_id, share_entry_id, station_id,
                                     rental_id, gross, vat, share, withheld, amount)
       SELECT uuidv7(), partner, agreement, 'venue', 'rental', moved, id, station, rental, 10000, 0, 8000, 1200, 6800
         FROM share""",
    "DROP TABLE share",
)
END = ("DROP TABLE made", "SET session_replication_role = origin", "ANALYZE")
# Rentals that came back late and are to be settled: an overdue fee is taken from the wallet.
LATE = """
    SET session_replication_role = replica;
    INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
           payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
           cancel_window_minutes, lost_after_days, points_per_npr, started_at, metered_from, due_at, ended_at,
           return_station_id, was_overdue, bank_id, slot_number)
    SELECT uuidv7(), '{prefix}' || n, '{person}', station.id, package.id, 'completed', 'wallet_only', '1 hour',
           'prepaid', 60, 10000, 0, 500, 0, 300000, 5, 7, 10, now() - interval '3 hours', now() - interval '3 hours',
           now() - interval '2 hours', now(), station.id, true,
           bank.id, 1
      FROM generate_series(1, {count}) n, (SELECT id FROM packages LIMIT 1) package,
           (SELECT id FROM power_banks LIMIT 1) bank, (SELECT id FROM stations WHERE sn = '{sn}') station;
    SET session_replication_role = origin
"""


def fill(ground: Ground, *, partners: int, accruals: int) -> None:
    """Write partners, each with a station and an agreement, and so many accruals, dealt out in turns."""
    statements = (*NETWORK, *(ACCRUALS if accruals else ()), *END)
    ground.as_superuser(*(each.format(partners=partners, accruals=accruals, person=PERSON) for each in statements))
    ground.as_superuser("CHECKPOINT")


def empty(ground: Ground) -> None:
    """Forget partners and all that they earned."""
    forget = "TRUNCATE partners, stations, rentals, ledger_entries, ledger_accounts, packages CASCADE"
    ground.as_superuser("SET session_replication_role = replica", forget, "SET session_replication_role = origin")


def end_agreement_of_second_venue(ground: Ground) -> None:
    """Leave a station that nobody shares in."""
    forget = "DELETE FROM partner_agreement_stations WHERE station_id = (SELECT id FROM stations WHERE sn = 'V2')"
    ground.as_superuser(
        "SET session_replication_role = replica", forget, "SET session_replication_role = origin", "ANALYZE"
    )


def add_late_rentals(ground: Ground, *, sn: str, prefix: str, count: int) -> None:
    ground.as_superuser(LATE.format(sn=sn, prefix=prefix, count=count, person=PERSON))
