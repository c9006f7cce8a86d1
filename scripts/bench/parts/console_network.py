"""A network of any size, written past the triggers: what the console's lists read."""

from scripts.bench.shared.servers import Ground

# Each row belongs to its time, as an id that begins with it does.
_FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO users (id, username, first_name, last_name, city, referral_code, kyc_status)
       SELECT uuidv7(n * interval '-60 s'), 'person' || n, 'Sita', 'Number' || n, 'Kathmandu', 'C' || n,
              CASE WHEN n % 200 = 0 THEN 'pending' ELSE 'approved' END
         FROM generate_series(1, {users}) n""",
    """INSERT INTO user_identifiers (id, user_id, kind, value)
       SELECT uuidv7(), id, 'phone', '+9779' || lpad(substr(username, 7), 9, '0') FROM users""",
    """INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, search_vector)
       SELECT uuidv7(n * interval '-60 s'), 'S' || n, 'I' || n, 'Station ' || n, 'Road ' || n, 'Town ' || n % 40,
              26.5 + random() * 3.8, 80.2 + random() * 7.8, 'json-v1',
              to_tsvector('simple', 'station ' || n || ' town ' || n % 40)
         FROM generate_series(1, {stations}) n""",
    """INSERT INTO station_live (station_id, sn, name, lat, lng, active, maintenance, timezone, available_banks,
                                 free_slots, online, last_seen)
       SELECT id, sn, name, lat, lng, true, false, timezone, (random() * 6)::int, 2, random() < 0.97, now()
         FROM stations""",
    """INSERT INTO slots (station_id, number, bank_serial, charge)
       SELECT id, number, CASE WHEN number < 6 THEN sn || '-' || number END, 90
         FROM stations, generate_series(1, 8) number""",
    """INSERT INTO power_banks (id, serial)
       SELECT uuidv7(), sn || '-' || number FROM stations, generate_series(1, 5) number""",
    """INSERT INTO packages (id, name, duration_minutes, price, payment_model)
       VALUES (uuidv7(), '1 hour', 60, 4000, 'prepaid')""",
    """CREATE TEMP TABLE u AS SELECT row_number() OVER () - 1 AS n, id FROM users;
       CREATE TEMP TABLE s AS SELECT row_number() OVER () - 1 AS n, id FROM stations;
       CREATE TEMP TABLE b AS SELECT row_number() OVER () - 1 AS n, id FROM power_banks;
       CREATE INDEX ON u (n); CREATE INDEX ON s (n); CREATE INDEX ON b (n)""",
    """INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
              payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
              cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number, created_at, started_at,
              due_at, ended_at, return_station_id, settled_at)
       SELECT uuidv7(at - now()), 'R' || lpad(number::text, 9, '0'), u.id, s.id, p.id, state, 'wallet_only', '1 hour',
              'prepaid', 60, 4000, 0, 500, 0, 300000, 5, 7, 10, b.id, 1, at, at, at + interval '1 hour',
              CASE WHEN over THEN at + interval '50 min' END, CASE WHEN over THEN s.id END,
              CASE WHEN over THEN at + interval '50 min' END
         FROM generate_series(1, {rentals}::bigint) AS made (number)
         CROSS JOIN LATERAL (SELECT now() - ({rentals} - number) * interval '{seconds} s' AS at,
                                    number < {rentals} * 0.998 AS over) t
         CROSS JOIN LATERAL (SELECT CASE WHEN NOT over THEN CASE WHEN number % 3 = 0 THEN 'overdue' ELSE 'active' END
                                         WHEN number % 700 = 0 THEN 'lost' WHEN number % 90 = 0 THEN 'cancelled'
                                         ELSE 'completed' END AS state) k
         CROSS JOIN packages p
         JOIN u ON u.n = number * 7919 % {users} JOIN s ON s.n = number * 104729 % {stations}
         JOIN b ON b.n = number * 1299709 % ({stations} * 5)""",
    """INSERT INTO rental_events (id, rental_id, at, event, cause)
       SELECT uuidv7(created_at - now()), id, created_at, 'ejected', 'x' FROM rentals""",
    """INSERT INTO rental_cases (id, rental_id, issue_type, status, reported_at)
       SELECT uuidv7(created_at - now()), id, 'damaged', 'open', created_at FROM rentals ORDER BY id DESC LIMIT 500""",
    """INSERT INTO custody (id, bank_id, place, rental_id, cause, period)
       SELECT uuidv7(created_at - now()), bank_id, 'user', id, 'x', tstzrange(started_at, ended_at) FROM rentals
           ON CONFLICT DO NOTHING""",
    """INSERT INTO wallet_transactions (id, user_id, entry_id, type, status, direction, wallet, revenue,
                                        reference_kind, reference_id, created_at)
       SELECT uuidv7(created_at - now()), user_id, uuidv7(), 'rental', 'success', 'out', 4000, 'rental_revenue',
              'rental', id, created_at FROM rentals""",
    """INSERT INTO payment_intents (id, user_id, transaction_id, gateway, status, amount, charged, currency, expires_at,
                                    payment_id, settled_at, created_at)
       SELECT uuidv7(created_at - now()), user_id, id, 'khalti', CASE WHEN random() < 0.95 THEN 'success' ELSE 'expired'
              END, 4000, 4000, 'NPR', created_at, id::text, created_at, created_at
         FROM wallet_transactions WHERE random() < 0.3""",
    """INSERT INTO ledger_dues (id, user_id, entry_id, reference_kind, reference_id, revenue, amount)
       SELECT uuidv7(), user_id, uuidv7(), 'rental', id, 'overdue_revenue', 500
         FROM rentals WHERE right(code, 3) = '777'""",
    """INSERT INTO refused_starts (id, at, user_id, station_sn, reason, value)
       SELECT uuidv7(created_at - now()), created_at, user_id, 'S1', 'station_offline', 4000
         FROM rentals WHERE right(code, 1) = '7'""",
    """INSERT INTO audit_log (id, at, actor, action, object_kind, object_id)
       SELECT uuidv7(created_at - now()), created_at, 'seed', 'rental.resolve', 'rental', id
         FROM rentals WHERE right(code, 1) = '3'""",
    """INSERT INTO outbox_jobs (id, job, queue, arguments, state, lease_until, created_at, finished_at)
       SELECT uuidv7(created_at - now()), 'conclude_rental', 'default', '{{}}', 'done', created_at, created_at,
              created_at
         FROM rentals WHERE right(code, 1) = '1'""",
    """INSERT INTO outbox_jobs (id, job, queue, arguments, state, cause, lease_until, finished_at, last_error)
       SELECT uuidv7(), 'send_sms', 'critical', '{{}}', 'dead', 'refused', now(), now(), 'no such number'
         FROM generate_series(1, 2000)""",
)
TABLES = (
    *("users", "user_identifiers", "stations", "station_live", "slots", "power_banks", "rentals", "rental_events"),
    *(
        "rental_cases",
        "custody",
        "wallet_transactions",
        "payment_intents",
        "ledger_dues",
        "refused_starts",
        "audit_log",
    ),
    "outbox_jobs",
)


def fill(ground: Ground, *, users: int, stations: int, rentals: int, seconds: float = 3) -> None:
    values = {"users": users, "stations": stations, "rentals": rentals, "seconds": seconds}
    ground.as_superuser(*(statement.format(**values) for statement in _FILL))
    ground.as_superuser(*(f"VACUUM ANALYZE {table}" for table in TABLES), "CHECKPOINT")
