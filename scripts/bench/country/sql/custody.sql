-- A stay with the person, and then in a slot until the next rental of this power bank. A failed start moves nothing.
INSERT INTO custody (id, bank_id, place, rental_id, cause, period)
SELECT bench.row_id(n * 2, at), bank_id, 'user', id, 'ejected', tstzrange(at, ended) FROM ride WHERE paid ORDER BY n;
INSERT INTO custody (id, bank_id, place, station_id, slot_number, cause, period)
SELECT bench.row_id(n * 2 + 1, coalesce(ended, at)), bank_id, 'slot', bench.station(bench.station_of(b, rides + 1)),
       bench.slot_of(b, rides + 1), CASE WHEN paid THEN 'returned' ELSE 'report' END,
       tstzrange(coalesce(ended, at),
                 CASE WHEN n + bench.banks() < bench.rentals() THEN bench.began(n + bench.banks()) END)
  FROM ride WHERE ended IS NOT NULL OR NOT paid ORDER BY n;
