-- What people were told, and how it went out.
INSERT INTO notices (id, user_id, type, context, dedup_key, title, body, created_at, shown_at, read_at)
SELECT bench.notice_id(n * 8 + k, at), id, 'rental_started', '{"rental_code": "R1"}', 'started:' || k,
       'Your rental has begun', 'Bring the power bank back in time.', at, at, CASE WHEN k < 6 THEN at END
  FROM who CROSS JOIN generate_series(0, 7) AS k
 CROSS JOIN LATERAL (SELECT bench.until() - (k * 9 + mod(n, 9)) * interval '1 day' AS at) AS moment
 WHERE at > joined ORDER BY at;
INSERT INTO deliveries (id, notice_id, user_id, type, channel, masked, status, attempts, created_at, finished_at)
SELECT bench.row_id(n * 8 + k, at), bench.notice_id(n * 8 + k, at), id, 'rental_started', 'push', '…' || mod(n, 100),
       CASE WHEN mod(n, 40) = 0 THEN 'failed' ELSE 'sent' END, 1, at, at
  FROM who CROSS JOIN generate_series(0, 3) AS k
 CROSS JOIN LATERAL (SELECT bench.until() - (k * 9 + mod(n, 9)) * interval '1 day' AS at) AS moment
 WHERE at > joined ORDER BY at;
