-- Power banks, in the slots from which they were first rented.
INSERT INTO power_banks (id, serial, model, cycles, created_at)
SELECT bench.bank(n), 'B' || n, 'M1', mod(n, 300), bench.put_up(0)
  FROM generate_series(%(first)s, %(last)s - 1) AS n ORDER BY n;
INSERT INTO custody (id, bank_id, place, station_id, slot_number, cause, period)
SELECT bench.gift_id(n, bench.put_up(n)), bench.bank(n), 'slot', bench.station(bench.station_of(n, 0)),
       bench.slot_of(n, 0), 'installed',
       tstzrange(bench.put_up(0), CASE WHEN n < bench.rentals() THEN bench.began(n) END)
  FROM generate_series(%(first)s, %(last)s - 1) AS n WHERE n >= bench.rentals() OR NOT bench.failed(n) ORDER BY n;
INSERT INTO custody (id, bank_id, place, station_id, slot_number, cause, period)
SELECT bench.gift_id(n, bench.put_up(n)), bench.bank(n), 'slot', bench.station(bench.station_of(n, 0)),
       bench.slot_of(n, 0), 'installed', tstzrange(bench.put_up(0), bench.began(n))
  FROM generate_series(%(first)s, %(last)s - 1) AS n WHERE n < bench.rentals() AND bench.failed(n) ORDER BY n;
INSERT INTO discrepancies (id, kind, serial, station_id, slot_number, opened_at, last_seen_at, resolved_at, resolved_by,
                           resolution)
SELECT bench.row_id(n, at), 'bank_missing', 'B' || n, bench.station(n / 6), 1, at, at,
       CASE WHEN mod(n, 100) <> 0 THEN at END, CASE WHEN mod(n, 100) <> 0 THEN 'staff' END,
       CASE WHEN mod(n, 100) <> 0 THEN 'found' END
  FROM generate_series(%(first)s, %(last)s - 1) AS n
 CROSS JOIN LATERAL (SELECT bench.until() - mod(n, 90) * interval '1 day' AS at) AS moment
 WHERE mod(n, 20) = 0 ORDER BY n;
