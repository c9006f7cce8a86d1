-- The people of a step.
CREATE TEMP TABLE who ON COMMIT DROP AS
SELECT n, bench.person(n) AS id, bench.joined(n) AS joined FROM generate_series(%(first)s, %(last)s - 1) AS n;
