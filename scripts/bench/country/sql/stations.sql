-- In five towns, and along the roads between them.
INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, partner_id, search_vector, created_at)
SELECT bench.station(n), 'S' || lpad(n::text, 7, '0'), 'I' || n, 'Station ' || n, 'Road ' || n, 'Town ' || mod(n, 40),
       lat + (mod(n * 7919, 1000) - 500) / 500.0 * spread, lng + (mod(n * 104729, 1000) - 500) / 500.0 * spread,
       'json-v1', bench.partner(bench.partner_of(n)),
       to_tsvector('simple', 'station ' || n || ' road ' || n || ' town ' || mod(n, 40)), bench.put_up(n)
  FROM generate_series(%(first)s, %(last)s - 1) AS n
  JOIN (VALUES (0, 27.71, 85.32, 0.1), (1, 28.21, 83.99, 0.06), (2, 26.45, 87.27, 0.06), (3, 27.69, 83.43, 0.06),
               (4, 27.80, 84.50, 1.5)) AS town (number, lat, lng, spread) ON town.number = mod(n, 5)
 ORDER BY n;
INSERT INTO slots (station_id, number, bank_serial, charge, reported_at)
SELECT bench.station(n), slot, CASE WHEN here THEN 'B' || bank END, CASE WHEN here THEN 50 + mod(bank, 50) END,
       bench.until()
  FROM generate_series(%(first)s, %(last)s - 1) AS n CROSS JOIN generate_series(1, 8) AS slot
 CROSS JOIN LATERAL (SELECT CASE WHEN slot < 7 THEN n * 6 + slot - 1
                                 ELSE mod(n + bench.stations() - 1, bench.stations()) * 6 + slot - 7 END AS bank) AS b
 CROSS JOIN LATERAL (SELECT bank + bench.banks() * ((bench.rentals() - 1 - bank) / bench.banks()) AS rental) AS l
 CROSS JOIN LATERAL (SELECT NOT bench.is_open(rental)
                            AND bench.station_of(bank, rental / bench.banks() + 1) = n
                            AND bench.slot_of(bank, rental / bench.banks() + 1) = slot AS here) AS h
 ORDER BY n, slot;
INSERT INTO station_live (station_id, sn, name, lat, lng, active, maintenance, timezone, available_banks, free_slots,
                          online, last_seen)
SELECT bench.station(n), 'S' || lpad(n::text, 7, '0'), 'Station ' || n, s.lat, s.lng, true, false, s.timezone,
       full_slots, 8 - full_slots, mod(n, 30) <> 0, bench.until()
  FROM generate_series(%(first)s, %(last)s - 1) AS n JOIN stations AS s ON s.id = bench.station(n)
 CROSS JOIN LATERAL (SELECT count(bank_serial) AS full_slots FROM slots WHERE station_id = s.id) AS counted
 ORDER BY n;
INSERT INTO station_state (station_id, reported_at, snapshot_at, changed_at)
SELECT bench.station(n), bench.until(), bench.until(), bench.until()
  FROM generate_series(%(first)s, %(last)s - 1) AS n ORDER BY n;
INSERT INTO station_status_changes (station_id, at, status)
SELECT bench.station(n), CASE k WHEN 0 THEN bench.put_up(n) ELSE bench.until() - k * interval '7 h' - mod(n, 400)
                              * interval '1 min' END, CASE WHEN mod(k, 2) = 0 THEN 'online' ELSE 'offline' END
  FROM generate_series(%(first)s, %(last)s - 1) AS n CROSS JOIN generate_series(0, 24) AS k ORDER BY n, k;
INSERT INTO station_stock_changes (station_id, at, is_empty, is_full)
SELECT bench.station(n), CASE k WHEN 0 THEN bench.put_up(n) ELSE bench.until() - k * interval '11 h' - mod(n, 600)
                              * interval '1 min' END, mod(k, 3) = 1, mod(k, 3) = 2
  FROM generate_series(%(first)s, %(last)s - 1) AS n CROSS JOIN generate_series(0, 60) AS k ORDER BY n, k;
INSERT INTO station_issues (id, station_id, issue_type, priority, opened_at, resolved_at, resolved_by, resolution)
SELECT bench.row_id(n * 4 + k, at), bench.station(n), 'dirty', 'normal', at, CASE WHEN k > 0 THEN at END,
       CASE WHEN k > 0 THEN 'staff' END, CASE WHEN k > 0 THEN 'cleaned' END
  FROM generate_series(%(first)s, %(last)s - 1) AS n CROSS JOIN generate_series(0, 3) AS k
 CROSS JOIN LATERAL (SELECT bench.until() - (k * 30 + mod(n, 30)) * interval '1 day' AS at) AS moment
 WHERE k > 0 OR mod(n, 50) = 0 ORDER BY n;
