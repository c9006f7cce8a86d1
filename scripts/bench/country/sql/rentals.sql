-- Rentals with their log, commands, cases and what was counted.
INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, created_at, package_name,
       payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
       cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number, command_id, started_at, due_at,
       ended_at, was_overdue, return_station_id, return_slot, lost_at, held_value, settled_at)
SELECT id, 'R' || lpad(n::text, 9, '0'), user_id, bench.station(s), bench.package(), status, 'wallet_only', at,
       '1 hour', 'prepaid', 60, 4000, 0, 500, 0, 300000, 5, 7, 10, bank_id, bench.slot_of(b, rides),
       bench.command_id(n, at), CASE WHEN paid THEN at END, CASE WHEN paid THEN at + interval '1 hour' END, ended,
       coalesce(ended > at + interval '1 hour', status = 'overdue'),
       CASE WHEN status = 'completed' THEN bench.station(bench.station_of(b, rides + 1)) END,
       CASE WHEN status = 'completed' THEN bench.slot_of(b, rides + 1) END, CASE WHEN status = 'lost' THEN ended END,
       CASE WHEN paid AND ended IS NULL THEN 4000 ELSE 0 END, CASE WHEN paid THEN ended ELSE at END
  FROM ride ORDER BY n;
INSERT INTO rental_events (id, rental_id, at, event, cause, from_status, to_status, noted_at)
SELECT bench.row_id(n * 4 + k, made.at), id, made.at, event, 'bench', before, after, made.at
  FROM ride CROSS JOIN LATERAL (VALUES
       (0, ride.at, 'initiated', NULL, 'pending'), (1, ride.at, 'eject_sent', 'pending', 'ejecting'),
       (2, ride.at, CASE WHEN paid THEN 'ejected' ELSE 'failed' END, 'ejecting',
           CASE WHEN paid THEN 'active' ELSE 'failed' END),
       (3, ended, CASE status WHEN 'lost' THEN 'lost' ELSE 'returned' END, 'active', status)
       ) AS made (k, at, event, before, after)
 WHERE made.at IS NOT NULL ORDER BY n, k;
INSERT INTO station_commands (id, station_id, command, status, serial, slot_number, rental_id, requested_by, attempts,
                              created_at, deadline, sent_at, finished_at)
SELECT bench.command_id(n, at), bench.station(s), 'eject_powerbank', CASE WHEN paid THEN 'succeeded' ELSE 'failed' END,
       'B' || b, bench.slot_of(b, rides), id, 'rentals', 1, at, at + interval '20 s', at, at
  FROM ride ORDER BY n;
INSERT INTO rental_locations (id, rental_id, at, lat, lng)
SELECT bench.row_id(n, at), id, at, 27.7, 85.3 FROM ride WHERE at > bench.until() - interval '30 days' ORDER BY n;
INSERT INTO rental_cases (id, rental_id, issue_type, status, reported_at, decided_at, decided_by)
SELECT bench.row_id(n, at), id, 'damaged', CASE WHEN open THEN 'open' ELSE 'dismissed' END, at,
       CASE WHEN NOT open THEN at END, CASE WHEN NOT open THEN 'staff' END
  FROM ride CROSS JOIN LATERAL (SELECT at > bench.until() - interval '2 days' AS open) AS o
 WHERE mod(n, 300) = 5 ORDER BY n;
INSERT INTO refused_starts (id, at, user_id, station_sn, reason, value)
SELECT bench.row_id(n, at), at, user_id, 'S' || lpad(s::text, 7, '0'), 'station_offline', 4000
  FROM ride WHERE mod(n, 10) = 7 AND at > bench.until() - interval '90 days' ORDER BY n;
INSERT INTO tally_events (user_id, kind, object_id, at, rentals, on_time)
SELECT user_id, 'rental', id::text, ended, 1, 1 FROM ride WHERE status = 'completed' ORDER BY n;
