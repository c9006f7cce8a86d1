-- What waits at stations now: one in ten has a task that nobody has taken.
INSERT INTO crew_tasks (id, station_id, kind, source, bring, loss, rank, created_by, created_at)
SELECT bench.task_id(1000000000 + n, at), bench.station(n), 'clean', 'staff', 0, mod(n, 900), mod(n, 900), 'staff', at
  FROM generate_series(%(first)s, %(last)s - 1) AS n
 CROSS JOIN LATERAL (SELECT bench.until() - mod(n, 40) * interval '1 h' AS at) AS moment
 WHERE mod(n, 10) = 3 ORDER BY at;
