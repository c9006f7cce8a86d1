-- What is rarer: reservations, refunds, coupons, blocked returns.
CREATE TEMP TABLE ride ON COMMIT DROP AS
SELECT n, bench.rental(n) AS id, bench.person(bench.renter(n)) AS user_id, bench.began(n) AS at, bench.ended(n) AS ended,
       bench.bank_of(n) AS b, n / bench.banks() AS rides
  FROM generate_series(%(first)s, %(last)s - 1) AS n WHERE NOT bench.failed(n) AND NOT bench.is_open(n);
INSERT INTO reservations (id, user_id, station_id, package_id, bank_id, slot_number, status, minutes, created_at,
                          free_until, expires_at, rate, ended_at)
SELECT bench.row_id(n, at), user_id, bench.station(bench.station_of(b, rides)), bench.package(), bench.bank(b),
       bench.slot_of(b, rides), 'expired', 10, at, at, at + interval '10 min', 100, at + interval '10 min'
  FROM ride WHERE mod(n, 40) = 9 ORDER BY n;
INSERT INTO refunds (id, user_id, transaction_id, amount, reason, status, asked_by, decided_by, decided_at, created_at,
                     finished_at)
SELECT bench.row_id(n, at), user_id, bench.purchase_id(n, ended), 4000, 'It did not charge.',
       CASE WHEN new THEN 'requested' ELSE 'rejected' END, 'user', CASE WHEN NOT new THEN bench.staff() END,
       CASE WHEN NOT new THEN at END, at, CASE WHEN NOT new THEN at END
  FROM ride CROSS JOIN LATERAL (SELECT at > bench.until() - interval '2 days' AS new) AS o
 WHERE mod(n, 100) = 11 ORDER BY n;
INSERT INTO coupon_redemptions (id, coupon_id, code, user_id, rental_id, key, amount, worth, created_at)
SELECT bench.row_id(n, at), bench.row_id(1, bench.put_up(0)), 'MONSOON', user_id, id, 'rental:' || id, 500, 500, at
  FROM ride WHERE mod(n, 20) = 13 ORDER BY n;
INSERT INTO blocked_returns (id, rental_id, user_id, station_id, reported_at, status, reason, paused_from, paused_until,
                             outcome)
SELECT bench.row_id(n, at), id, user_id, bench.station(bench.station_of(b, rides)), at, 'granted', 'station_full', at,
       at + interval '10 min', 'over'
  FROM ride WHERE mod(n, 100) = 17 ORDER BY n;
INSERT INTO station_page_opens (station_id, hour, opens)
SELECT DISTINCT ON (1, 2) bench.station(bench.station_of(b, rides)), date_trunc('hour', at), 3
  FROM ride WHERE at > bench.until() - interval '90 days' ON CONFLICT DO NOTHING;
