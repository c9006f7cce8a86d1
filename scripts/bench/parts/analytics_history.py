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
TABLES = (
    *("rental_events", "ledger_accounts", "ledger_entries", "ledger_postings"),
    *("station_status_changes", "station_stock_changes"),
)


def fill(ground: Ground, *, users: int, stations: int, rentals: int, seconds: float = 3) -> None:
    console_network.fill(ground, users=users, stations=stations, rentals=rentals, seconds=seconds)
    ground.as_superuser(*_FILL)
    ground.as_superuser(*(f"VACUUM ANALYZE {table}" for table in TABLES), "CHECKPOINT")
