-- The rentals of a step, with all that follows from their numbers.
CREATE TEMP TABLE ride ON COMMIT DROP AS
SELECT n, bench.rental(n) AS id, m, bench.person(m) AS user_id, bench.joined(m) AS joined, b, bench.bank(b) AS bank_id,
       n / bench.banks() AS rides, bench.station_of(b, n / bench.banks()) AS s, bench.began(n) AS at,
       bench.ended(n) AS ended, bench.status(n) AS status, NOT bench.failed(n) AS paid
  FROM generate_series(%(first)s, %(last)s - 1) AS n
 CROSS JOIN LATERAL (SELECT bench.renter(n) AS m, bench.bank_of(n) AS b) AS of_it;
ANALYZE ride;
