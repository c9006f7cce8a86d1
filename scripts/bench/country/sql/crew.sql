-- A shift each sixth day, with six tasks, for which they were paid.
CREATE TEMP TABLE shift ON COMMIT DROP AS
SELECT n, n * 200 + k AS number, at
  FROM generate_series(%(first)s, %(last)s - 1) AS n CROSS JOIN generate_series(0, 59) AS k
 CROSS JOIN LATERAL (SELECT bench.until() - (1 + k * 6) * interval '1 day' AS at) AS moment;
INSERT INTO crew_members (id, user_id, zones, created_by, created_at)
SELECT bench.member(n), bench.person(bench.people() / 2 + n), ARRAY['Town ' || mod(n, 40)], 'staff', bench.put_up(0)
  FROM generate_series(%(first)s, %(last)s - 1) AS n;
INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
SELECT bench.wage_id(n, bench.put_up(0)), 'crew_payable', bench.member(n)::text, 'NPR', 'credit', false
  FROM generate_series(%(first)s, %(last)s - 1) AS n;
INSERT INTO crew_shifts (id, member_id, started_at, ended_at, ended_by, active_at)
SELECT bench.shift_id(number, at), bench.member(n), at, at + interval '8 h', 'member', at + interval '8 h'
  FROM shift ORDER BY number;
CREATE TEMP TABLE task ON COMMIT DROP AS
SELECT n, number * 6 + j AS number, at + j * interval '1 h' AS at
  FROM shift CROSS JOIN generate_series(0, 5) AS j;
INSERT INTO crew_tasks (id, station_id, kind, source, status, bring, loss, rank, claimed_by, claimed_at, begun_at,
                        brought, closed_at, closed_by, created_by, created_at)
SELECT bench.task_id(number, at), bench.station(mod(number * 7919, bench.stations())), 'empty', 'rule', 'done', 3, 500,
       500, bench.member(n), at, at, 3, at + interval '40 min', 'crew', 'rule', at
  FROM task ORDER BY number;
INSERT INTO crew_task_events (id, task_id, at, event, by, member_id)
SELECT bench.row_id(number * 4 + k, at), bench.task_id(number, at), at, event, 'crew', bench.member(n)
  FROM task CROSS JOIN (VALUES (0, 'made'), (1, 'claimed'), (2, 'begun'), (3, 'done')) AS what (k, event)
 ORDER BY number;
INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor, created_at)
SELECT bench.wage_id(number, at), 'wage', 'wage:' || number, 'crew_task', bench.task_id(number, at)::text, 'bench', at
  FROM task ORDER BY number;
INSERT INTO ledger_postings (entry_id, account_id, currency, amount, created_at)
SELECT bench.wage_id(number, at), account, 'NPR', amount, at
  FROM task CROSS JOIN LATERAL (VALUES (bench.network_account('crew_expense'), -1500),
                                       (bench.wage_id(n, bench.put_up(0)), 1500)) AS made (account, amount)
 ORDER BY number;
INSERT INTO crew_earnings (id, member_id, kind, task_id, amount, entry_id, at)
SELECT bench.row_id(number, at), bench.member(n), 'task', bench.task_id(number, at), 1500, bench.wage_id(number, at), at
  FROM task ORDER BY number;
