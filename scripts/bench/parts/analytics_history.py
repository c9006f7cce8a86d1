"""A history that figures can be made of: each rental of the network with its log and its entry in the ledger."""

from scripts.bench.parts import console_network
from scripts.bench.shared.servers import Ground

_FILL = (
    "SET session_replication_role = replica",
    "DELETE FROM rental_events",
    """INSERT INTO rental_events (id, rental_id, at, event, cause, from_status, to_status)
       SELECT uuidv7(created_at - now()), id, created_at, 'initiated', 'x', NULL, 'pending' FROM rentals
        UNION ALL
       SELECT uuidv7(started_at - now()), id, started_at, 'ejected', 'x', 'ejecting', 'active' FROM rentals
        UNION ALL
       SELECT uuidv7(ended_at - now()), id, ended_at, 'returned', 'x', 'active', status FROM rentals
        WHERE ended_at IS NOT NULL
        ORDER BY 3""",
    """INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
       VALUES (uuidv7(), 'rental_revenue', '', 'NPR', 'credit', false),
              (uuidv7(), 'write_offs', '', 'NPR', 'debit', false)""",
    """INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor, created_at)
       SELECT uuidv7(created_at - now()), 'capture', id::text, 'rental', id::text, 'x', created_at FROM rentals
        ORDER BY id""",
    """INSERT INTO ledger_postings (entry_id, account_id, currency, amount, created_at)
       SELECT entry.id, account.id, 'NPR', CASE account.normal WHEN 'credit' THEN 4000 ELSE -4000 END, entry.created_at
         FROM ledger_entries AS entry CROSS JOIN ledger_accounts AS account ORDER BY entry.id""",
    """INSERT INTO station_status_changes (station_id, at, status)
       SELECT id, now() - interval '2 years', 'online' FROM stations ON CONFLICT DO NOTHING""",
    """INSERT INTO station_stock_changes (station_id, at, is_empty, is_full)
       SELECT id, now() - interval '2 years', false, false FROM stations ON CONFLICT DO NOTHING""",
    """INSERT INTO station_stock_changes (station_id, at, is_empty, is_full)
       SELECT id, now() - day * interval '1 day' - random() * interval '1 day', random() < 0.5, false
         FROM stations CROSS JOIN generate_series(0, 60) AS day ON CONFLICT DO NOTHING""",
)
# Half of the stations are in one town. One partner has a fifth of them, and each ten of the others have one whose
# agreement began two weeks ago: before it another partner had them.
_TOWNS_AND_PARTNERS = (
    "SET session_replication_role = replica",
    "UPDATE stations SET city = 'Kathmandu' WHERE right(sn, 1) IN ('0', '2', '4', '6', '8')",
    """CREATE TEMP TABLE s AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM stations""",
    """INSERT INTO partners (id, name, kind)
       SELECT md5('partner' || n)::uuid, 'Partner ' || n, CASE WHEN n = 0 THEN 'franchise' ELSE 'venue' END
         FROM generate_series(0, (SELECT count(*) / 10 FROM s)) AS n""",
    """INSERT INTO partner_agreements (id, partner_id, franchise_id, starts_on, last_day, terms, vat_percent,
                                       withheld_percent, made_by)
       SELECT md5('agreement' || n || turn)::uuid, md5('partner' || (n + turn) % (SELECT count(*) / 10 FROM s))::uuid,
              NULL, CASE turn WHEN 0 THEN current_date - 400 ELSE current_date - 14 END,
              CASE turn WHEN 0 THEN current_date - 15 ELSE DATE '9999-12-31' END, '{}', 0, 0, 'x'
         FROM generate_series(0, (SELECT count(*) / 10 - 1 FROM s)) AS n CROSS JOIN generate_series(0, 1) AS turn""",
    """INSERT INTO partner_agreement_stations (agreement_id, station_id, starts_on, last_day)
       SELECT agreement.id, s.id, agreement.starts_on, agreement.last_day
         FROM s CROSS JOIN generate_series(0, 1) AS turn
         JOIN partner_agreements AS agreement
           ON agreement.id = md5('agreement' || CASE WHEN n % 5 = 0 THEN 0 ELSE n / 10 END || turn)::uuid""",
)
TABLES = (
    *("rental_events", "ledger_accounts", "ledger_entries", "ledger_postings"),
    *("station_status_changes", "station_stock_changes", "stations", "partner_agreements"),
    "partner_agreement_stations",
)


def fill(ground: Ground, *, users: int, stations: int, rentals: int, seconds: float = 3) -> None:
    console_network.fill(ground, users=users, stations=stations, rentals=rentals, seconds=seconds)
    ground.as_superuser(*_FILL)
    ground.as_superuser(*_TOWNS_AND_PARTNERS)
    ground.as_superuser(*(f"VACUUM ANALYZE {table}" for table in TABLES), "CHECKPOINT")
