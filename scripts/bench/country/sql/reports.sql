-- What stations said in the last days, in the order in which it came.
INSERT INTO station_messages (id, station_id, received_at, kind, key, outcome, topic, payload)
SELECT bench.row_id(n, at), bench.station(mod(n, bench.stations())), at, 'heartbeat', NULL, 'applied',
       'stations/S/heartbeat', '{"slots": [1, 2, 3, 4, 5, 6, 7, 8]}'
  FROM generate_series(%(first)s, %(last)s - 1) AS n
 CROSS JOIN LATERAL (SELECT bench.until() - (bench.reports() - n) * (interval '6 days' / bench.reports()) AS at)
       AS moment
 ORDER BY n;
