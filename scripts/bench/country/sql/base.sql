-- What there is one of.
INSERT INTO staff (id, email, password_hash, role) VALUES (bench.staff(), 'made@example.com', 'nobody', 'superadmin');
INSERT INTO packages (id, name, duration_minutes, price, payment_model)
VALUES (bench.package(), '1 hour', 60, 4000, 'prepaid');
INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
SELECT bench.network_account(kind), kind, CASE kind WHEN 'gateway_clearing' THEN 'khalti' ELSE '' END, currency, normal,
       false
  FROM (VALUES ('gateway_clearing', 'NPR', 'debit'), ('rental_revenue', 'NPR', 'credit'),
               ('overdue_revenue', 'NPR', 'credit'), ('sales_revenue', 'NPR', 'credit'),
               ('promotion_expense', 'NPR', 'debit'), ('points_liability', 'PTS', 'debit'),
               ('partner_expense', 'NPR', 'debit'), ('withheld_tax', 'NPR', 'credit'),
               ('crew_expense', 'NPR', 'debit'), ('payout_clearing', 'NPR', 'credit'),
               ('refunds_clearing', 'NPR', 'credit'), ('fx', 'NPR', 'credit'), ('adjustments', 'NPR', 'debit'),
               ('write_offs', 'NPR', 'debit')) AS own (kind, currency, normal);
INSERT INTO crew_pay_plans (id, name, standard, per_task, per_bank, per_hour)
VALUES (bench.row_id(2, bench.put_up(0)), 'Standard', true, '{}', 500, 10000);
INSERT INTO payout_runs (id, cutoff, up_to, asked_by, started_at, finished_at)
SELECT bench.row_id(100 + week, bench.put_up(0)), at, 0, 'schedule', at, at
  FROM generate_series(1, 26) AS week
 CROSS JOIN LATERAL (SELECT bench.until() - week * interval '7 days' AS at) AS moment;
